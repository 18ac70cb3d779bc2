import re
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.planted import HARMLESS, IN_TEXTS, PLANTED, PREFIXED, UNDER_KEYS, letters
from tracetui.core.redaction import REDACTED, Redactor
from tracetui.core.secret_keys import SECRET_NAMES

SAMPLES = Path(__file__).parents[2] / "sample_traces"


def everything(value: object) -> str:
    """All texts and keys of a value, whatever they were escaped as."""
    return orjson.dumps(value).decode().replace("\\", "")


@pytest.mark.parametrize(("value", "secret"), [case[1:] for case in PLANTED], ids=[case[0] for case in PLANTED])
def test_a_planted_secret_is_gone_and_was_suspected(value: object, secret: str) -> None:
    line = orjson.dumps(value)
    gate = Redactor()

    result, count = gate.redact(value)

    assert gate.suspects(line)
    assert secret not in everything(result)
    assert count >= 1
    assert gate.faults == 0
    assert orjson.dumps(value) == line
    assert gate.redact(result) == (result, 0)


def test_more_than_200_secrets_are_planted() -> None:
    assert len(PLANTED) >= 200


# ---------------------------------------------------------------- what stays


TOKEN_COUNTS = {
    "usage": {"input": 812, "output": 64, "input_tokens": 812, "total_tokens": 876},
    "tokens": ["Hello", " world"],
    "max_tokens": 1024,
    "maxTokens": "1024",
    "token_count": "12",
    "token": 5,
    "reasoning_token": 7.5,
    "tokenizer": "o200k_base",
    "token_type": "bearer-less",
    "eos_token": "</s>",
    "next_page_token": "CAUQAA",
    "timeToFirstTokenMs": 12,
    "cost_per_token": 0.000001,
    "usage.completion_tokens": {"prompt_tokens_details": {"cached_tokens": 3}},
}


def test_token_counts_stay() -> None:
    assert Redactor().redact(TOKEN_COUNTS) == (TOKEN_COUNTS, 0)


def test_token_counts_stay_even_among_credentials() -> None:
    result, count = Redactor().redact({"credentials": {"max_tokens": 5, "token": 3, "pin": 1234, "user": "me"}})

    assert result == {"credentials": {"max_tokens": 5, "token": 3, "pin": REDACTED, "user": REDACTED}}
    assert count == 2


@pytest.mark.parametrize("value", [None, True, False, ""])
def test_what_says_only_whether_there_is_a_secret_stays(value: object) -> None:
    assert Redactor().redact({"password": value, "api_key": [value]}) == ({"password": value, "api_key": [value]}, 0)


def test_predicted_tokens_stay() -> None:
    predicted = {"content": [{"token": "Hello", "logprob": -0.1, "top_logprobs": [{"token": "Hi", "logprob": -2.0}]}]}

    assert Redactor().redact(predicted) == (predicted, 0)
    text = orjson.dumps(predicted).decode()
    assert Redactor().text(text) == (text, 0)


@pytest.mark.parametrize(
    "key",
    [
        *("key", "keys", "public_key", "cache_key", "foreign_key", "monkey", "keyword"),
        *("author", "authentication_method", "client_authored"),
        *("session_id", "sessionId", "pass", "passed", "password_hint", "secretary", "tokens_used", "cookie_count"),
        *("auth_type", "api_key_enabled", "credits", "signature", "internal_chat_message_metadata_passthrough"),
    ],
)
def test_keys_that_only_look_like_names_of_secrets_stay(key: str) -> None:
    assert Redactor().redact({key: "value"}) == ({key: "value"}, 0)


def test_the_current_folder_is_no_password() -> None:
    environment = {"PWD": "/home/me", "OLDPWD": "~/x", "MYSQL_PWD": "hunter2"}

    assert Redactor().redact(environment) == (environment | {"MYSQL_PWD": REDACTED}, 1)


def test_the_same_value_comes_back_when_nothing_was_secret() -> None:
    value = {"a": [1, 2.5, None, True, "text", {"b": "c"}]}

    assert Redactor().redact(value)[0] is value


def lines_of_samples() -> list[tuple[str, object]]:
    lines: list[tuple[str, object]] = []
    for path in sorted(path for path in SAMPLES.rglob("*") if path.is_file()):
        for line in path.read_bytes().splitlines():
            try:
                lines.append((path.name, orjson.loads(line)))
            except orjson.JSONDecodeError:
                lines.append((path.name, line.decode(errors="replace")))
    return lines


def test_in_the_samples_only_a_header_with_a_password_is_redacted() -> None:
    gate = Redactor()
    redacted = [gate.redact(value)[0] for _, value in lines_of_samples() if gate.redact(value)[1]]

    assert redacted == ['    "authorization": "[redacted]",'] * 4


@pytest.mark.parametrize("mark", ["***REDACTED***", "[Filtered]", "<redacted>", "*****", "[redacted]"])
def test_what_others_redacted_stays_as_they_wrote_it(mark: str) -> None:
    value = {"password": mark, "text": f'{{"api_key": "{mark}"}} http://u:***@h'}

    assert Redactor().redact(value) == (value, 0)


# ---------------------------------------------------------------- what is put in its place


def test_containers_under_secret_keys_keep_their_shape() -> None:
    result, count = Redactor().redact({"cookies": {"sid": "abc", "n": [1, "x", None]}})

    assert result == {"cookies": {"sid": REDACTED, "n": [REDACTED, REDACTED, None]}}
    assert count == 3


def test_numbers_under_secret_keys_are_secrets() -> None:
    assert Redactor().redact({"password": 1234, "pin": 5}) == ({"password": REDACTED, "pin": 5}, 1)


def test_attributes_written_as_pairs_are_keys() -> None:
    attributes = [{"key": "db.password", "value": {"stringValue": "x"}}, {"key": "k", "value": {"intValue": "5"}}]

    result, count = Redactor().redact(attributes)

    assert result == [{"key": "db.password", "value": {"stringValue": REDACTED}}, attributes[1]]
    assert count == 1


def test_headers_held_as_lists_are_keys() -> None:
    value = [["accept", "*/*"], ["Authorization", "Digest abc"], ["cookie", "email"]]

    assert Redactor().redact(value) == ([["accept", "*/*"], ["Authorization", REDACTED], ["cookie", REDACTED]], 2)


def test_secret_keys_stay_apart() -> None:
    first, second = ("ghp_" + letters(36, seed) for seed in (1, 2))

    assert Redactor().redact({first: 1, "x": 2, second: 3}) == ({REDACTED: 1, "x": 2, f"{REDACTED} 2": 3}, 2)


def test_the_order_of_keys_stays() -> None:
    result, _ = Redactor().redact({"z": {"y": 1}, "password": "p", "a": [{"c": 1, "b": 2}]})

    assert orjson.dumps(result) == b'{"z":{"y":1},"password":"[redacted]","a":[{"c":1,"b":2}]}'


def test_surrogates_are_no_obstacle() -> None:
    assert Redactor().text("\ud800 ghp_" + letters(36)) == ("\ud800 [redacted]", 1)


def test_texts_under_the_shortest_are_judged_by_their_key_only() -> None:
    gate = Redactor()
    short = "a://b:c@d"

    assert len(short) < gate.shortest
    assert gate.redact({"url": short, "password": "x"}) == ({"url": short, "password": REDACTED}, 1)
    assert gate.text("ftp://b:c@d") == ("ftp://[redacted]@d", 1)


@pytest.mark.parametrize("gate", [Redactor(patterns=["x"]), Redactor(rule=lambda _, value: value)])
def test_for_patterns_and_rules_no_text_is_too_short(gate: Redactor) -> None:
    assert gate.shortest == 0


# ---------------------------------------------------------------- what users add


def test_users_add_keys_in_any_spelling() -> None:
    gate = Redactor(keys=["Customer-Number", "clé"])
    value = {"customerNumber": "1", "the_customer_number": 2, "customernumber": "3", "clé": "4", "number": 5}

    result, count = gate.redact(value)

    assert gate.suspects(orjson.dumps(value))
    assert list(result.values()) == [REDACTED] * 4 + [5]
    assert count == 4


def test_keys_of_users_count_inside_texts() -> None:
    text = '{"badge_id": "12-34", "x": 1}'

    assert Redactor(keys=["badge id"]).text(text) == ('{"badge_id": "[redacted]", "x": 1}', 1)


@pytest.mark.parametrize("pattern", [r"emp-\d{4}", re.compile(r"EMP-\d{4}", re.IGNORECASE), r"emp-(?:\d{4})"])
def test_users_add_patterns(pattern: str | re.Pattern[str]) -> None:
    gate = Redactor(patterns=[pattern])

    assert gate.suspects(b'"clean"')
    assert gate.redact({"text": "by emp-1234 and emp-5678"}) == ({"text": "by [redacted] and [redacted]"}, 2)


def test_a_pattern_may_say_which_part_is_secret() -> None:
    assert Redactor(patterns=[r"case (?P<secret>\d+)"]).text("case 123 is open") == ("case [redacted] is open", 1)


def test_a_wrong_pattern_is_refused_at_once() -> None:
    with pytest.raises(re.error):
        Redactor(patterns=["("])


def test_a_rule_sees_each_leaf_with_its_key() -> None:
    seen = []

    def rule(key: str, value: object) -> object:
        seen.append((key, value))
        return "gone" if key == "b" else value

    value = {"a": [1, None], "b": "x"}
    assert Redactor(rule=rule).redact(value) == ({"a": [1, None], "b": "gone"}, 1)
    assert sorted(seen, key=str) == [("a", 1), ("a", None), ("b", "x")]


def test_what_a_rule_gives_back_goes_through_the_other_rules() -> None:
    secret = "ghp_" + letters(36)

    assert Redactor(rule=lambda _, value: f"{value} {secret}").redact(["x"]) == (["x [redacted]"], 1)


def test_a_rule_is_asked_about_every_record() -> None:
    assert Redactor(rule=lambda _, value: value).suspects(b"{}")


def failing(key: str, value: object) -> object:
    if value == "bad":
        raise RuntimeError("no")
    return value


@pytest.mark.parametrize("rule", [failing, lambda _, value: object() if value == "bad" else value])
def test_a_rule_that_fails_redacts_its_value_and_nothing_else(rule: object) -> None:
    gate = Redactor(rule=rule)

    assert gate.redact({"a": "bad", "b": "good", "c": ["bad"]}) == ({"a": REDACTED, "b": "good", "c": [REDACTED]}, 2)
    assert gate.faults == 2


def test_a_pattern_that_fails_redacts_its_text_and_nothing_else() -> None:
    gate = Redactor(patterns=[re.compile(rb"of bytes")])

    assert gate.redact({"a": "text", "b": 1}) == ({REDACTED: REDACTED, f"{REDACTED} 2": 1}, 3)
    assert gate.faults == 3


def test_a_value_that_fails_is_redacted_as_a_whole() -> None:
    class Hostile(dict[str, object]):
        def items(self) -> object:
            raise RuntimeError("no")

    gate = Redactor()

    assert gate.redact(Hostile(a=1)) == (REDACTED, 1)
    assert gate.faults == 1


def test_without_defaults_only_what_users_say_is_secret() -> None:
    gate = Redactor(keys=["badge"], defaults=False)
    value = {"password": "x", "text": "ghp_" + letters(36), "badge": "7"}

    assert gate.redact(value) == (value | {"badge": REDACTED}, 1)
    assert gate.suspects(b'{"badge":"7"}')
    assert not gate.suspects(b'{"password":"x"}')


# ---------------------------------------------------------------- depth, size, and what is suspected


@pytest.mark.parametrize("kind", ["list", "dict"])
def test_100_000_levels_are_gone_through(kind: str) -> None:
    value: object = {"password": "x"}
    for _ in range(100_000):
        value = [value] if kind == "list" else {"a": value}

    result, count = Redactor().redact(value)

    for _ in range(100_000):
        result = result[0] if kind == "list" else result["a"]
    assert (result, count) == ({"password": REDACTED}, 1)


SECRET_TEXTS = [make(3) for make in PREFIXED.values()] + [text("Hunter2swordfish") for text in IN_TEXTS.values()]
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from([*SECRET_TEXTS, *HARMLESS]),
    st.tuples(st.text(max_size=4), st.sampled_from(SECRET_TEXTS), st.text(max_size=4)).map("".join),
)
KEYS = st.one_of(st.text(max_size=8), st.sampled_from([*UNDER_KEYS, *SECRET_NAMES, *TOKEN_COUNTS]), TEXTS)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)


def dumped(value: object) -> bytes:
    """As the recorder does; lone surrogates, which it escapes before, are left to the tests of texts."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return orjson.dumps(None)


@given(VALUES)
def test_what_is_not_suspected_holds_no_secret(value: object) -> None:
    line = dumped(value)
    gate = Redactor(keys=["badge id", "ümlaut"])

    if not gate.suspects(line):
        loaded = orjson.loads(line)
        assert gate.redact(loaded) == (loaded, 0)


@given(VALUES)
def test_redacting_twice_changes_nothing_more(value: object) -> None:
    once, _ = Redactor().redact(value)

    assert Redactor().redact(once)[1] == 0


@pytest.mark.parametrize("name", SECRET_NAMES)
@pytest.mark.parametrize(
    "spell", [str, str.upper, str.title, lambda name: name.replace("-", "_"), lambda name: f"my {name}"]
)
def test_every_name_is_suspected_in_every_spelling(name: str, spell: object) -> None:
    value = {spell(name): "hunter-two"}

    assert Redactor().suspects(orjson.dumps(value))


@pytest.mark.parametrize("line", [rb'{"a":"\u0073k-abc"}', rb'{"a":"http:\/\/u:p@h"}'])
def test_other_encoders_may_hide_letters_in_escapes(line: bytes) -> None:
    assert Redactor().suspects(line)


CLEAN = {
    "type": "span_end",
    "span": "0123456789abcdef",
    "name": "market_scan",
    "kind": "step",
    "status": "ok",
    "attributes": {
        "symbol": "BTCUSDT",
        "max_tokens": 512,
        "task_id": 7,
        "note": "through the upper band of an invoked key",
    },
}


def test_clean_records_are_not_suspected() -> None:
    assert not Redactor().suspects(orjson.dumps(CLEAN))
