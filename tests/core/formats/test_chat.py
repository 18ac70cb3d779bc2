"""Messages in the shapes that chat interfaces write, taken apart the same way for every format."""

import base64

import pytest

from tracetui.core.formats._chat import chat_messages, content_text, part_text

PICTURE = base64.b64encode(b"\x89PNG" * 3_000).decode()


def base64_of(media):
    return {"type": "base64", "media_type": media, "data": PICTURE}


def told(item):
    return [(message.role, message.text, message.tool_calls, message.answers) for message in chat_messages(item)]


def test_tool_calls_of_openai_keep_their_ids() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"n": 1}'}}
    (message,) = chat_messages({"role": "assistant", "content": None, "tool_calls": [call]})
    assert (message.tool_calls, message.call_ids) == ([("find", '{"n": 1}')], ["c1"])


def test_a_result_of_openai_says_which_call_it_answers() -> None:
    assert told({"role": "tool", "tool_call_id": "c1", "name": "find", "content": "7"}) == [("tool", "7", [], "c1")]


def test_blocks_of_anthropic_become_thinking_words_and_calls() -> None:
    content = [
        {"type": "thinking", "thinking": "hm", "signature": "x"},
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "t1", "name": "Read", "input": {"path": "a"}},
    ]
    assert told({"role": "assistant", "content": content}) == [
        ("thinking", "hm", [], ""),
        ("assistant", "I look.", [("Read", {"path": "a"})], ""),
    ]


def test_a_failed_result_of_anthropic_is_one() -> None:
    part = {"type": "tool_result", "tool_use_id": "t1", "is_error": True, "content": [{"type": "text", "text": "no"}]}
    (message,) = chat_messages({"role": "user", "content": [part]})
    assert (message.role, message.text, message.answers, message.failed) == ("tool", "no", "t1", True)


def test_parts_of_opentelemetry_become_thinking_calls_and_results() -> None:
    parts = [
        {"type": "reasoning", "content": "hm"},
        {"type": "text", "content": "ok"},
        {"type": "tool_call", "id": "a", "name": "f", "arguments": {}},
        {"type": "tool_call_response", "id": "b", "response": "r"},
    ]
    assert told({"role": "assistant", "parts": parts}) == [
        ("thinking", "hm", [], ""),
        ("assistant", "ok", [("f", {})], ""),
        ("tool", "r", [], "b"),
    ]


def test_parts_of_gemini_become_calls_and_results() -> None:
    parts = [
        {"text": "x"},
        {"functionCall": {"name": "f", "args": {"n": 1}}},
        {"functionResponse": {"name": "f", "response": {"n": 2}}},
    ]
    assert told({"role": "model", "parts": parts}) == [
        ("model", "x", [("f", {"n": 1})], ""),
        ("tool", '{"n": 2}', [], ""),
    ]


def test_reasoning_beside_the_content_is_thinking() -> None:
    assert [
        message.role for message in chat_messages({"role": "assistant", "reasoning_content": "hm", "content": "x"})
    ] == [
        "thinking",
        "assistant",
    ]


def test_hidden_reasoning_says_that_it_is() -> None:
    assert told({"role": "assistant", "content": [{"type": "redacted_thinking", "data": "xyz"}]}) == [
        ("thinking", "(redacted)", [], "")
    ]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"type": "image", "source": base64_of("image/png")}, "image: image/png, 12,000 bytes"),
        ({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}}, "image: image/png, 12,000 bytes"),
        ({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}, "image: https://example.com/a.png"),
        ({"type": "input_image", "image_url": f"data:image/jpeg;base64,{PICTURE}"}, "image: image/jpeg, 12,000 bytes"),
        ({"type": "input_audio", "input_audio": {"format": "wav", "data": PICTURE}}, "audio: wav, 12,000 bytes"),
        ({"type": "file", "file": {"filename": "a.pdf", "file_data": PICTURE}}, "file: a.pdf, 12,000 bytes"),
        ({"type": "blob", "modality": "video", "mime_type": "video/mp4", "content": PICTURE}, "video: video/mp4, 12,000 bytes"),
        ({"type": "uri", "modality": "image", "uri": "gs://a/b"}, "image: gs://a/b"),
        ({"inlineData": {"mimeType": "image/webp", "data": PICTURE}}, "image: image/webp, 12,000 bytes"),
        ({"type": "document", "source": base64_of("application/pdf")}, "document: application/pdf, 12,000 bytes"),
    ],
)  # fmt: skip
def test_pictures_sounds_and_files_are_named_and_not_shown(part, words) -> None:
    shown = "\n".join(message.text for message in chat_messages({"role": "user", "content": [part]}))
    assert shown == f"[{words}]"


def test_pictures_within_a_tool_result_are_named() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}}
    part = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "seen"}, image]}
    assert chat_messages({"role": "user", "content": [part]})[0].text == "seen\n[image: image/png, 12,000 bytes]"


@pytest.mark.parametrize(
    "item", [None, 3, {}, {"content": {}}, {"content": [[1]], "tool_calls": [3, {}]}, {"parts": 4}]
)
def test_what_is_no_message_raises_nothing(item) -> None:
    assert chat_messages(item)


def test_parts_within_parts_come_to_an_end() -> None:
    part: object = "x"
    for _ in range(5_000):
        part = {"type": "tool_result", "content": [part]}
    assert isinstance(content_text([part]), str)
    assert isinstance(part_text({"type": "tool_result", "content": [part]}), str)


@pytest.mark.parametrize("sort", [["text"], {"a": 1}, 7, None])
def test_a_type_that_is_no_word_is_none(sort: object) -> None:
    assert part_text({"type": sort, "text": "words"}) == "words"
