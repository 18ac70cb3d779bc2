"""An agent that dies: an exception deep down after minutes of work, or the whole process killed in the middle of it.

    python examples/crash.py [FOLDER]           # records into FOLDER, or traces; ends with a traceback
    python examples/crash.py --kill [FOLDER]    # the same, killed by SIGKILL while spans are open
    tracetui FOLDER                             # beside it, in another terminal

Shows: what was recorded is on the disk the moment it was recorded, so the file tells the whole story without any code that
handles the failure. The exception is recorded where it was raised, with the chain of its causes, and fails every span that it
leaves. A process that was killed can say nothing, and does not have to: its open spans are what it was doing.

Look at: the first cause of the failure, `convert_currency`, to which the screen leads by itself (`e`), with the traceback of
both exceptions; or, of the killed one, `unfinished, writer gone` and the stack that is open at the end. The work takes ten
minutes in reality and some seconds here.
"""

import os
import signal
import sys
import time

from tracetui import Tracer

MODEL = "auditor-large-3"
RATES = {"EUR": 1.0, "USD": 0.92, "GBP": 1.17}
INVOICES = (("INV-7001", "EUR"), ("INV-7002", "USD"), ("INV-7003", "GBP"), ("INV-7004", "EUR"), ("INV-7005", "XAU"))
"""Number and currency; nobody has a rate for the last one."""
SPEED = 150
"""How many times faster than in reality everything goes here."""


def pause(seconds: float) -> None:
    """Let time go by as a real model or tool would."""
    time.sleep(seconds / SPEED)


class UnknownCurrency(Exception):
    """There is no rate for a currency."""


def main(folder: str, kill: bool = False) -> None:
    """Audit the invoices of a month, which does not end well; ``kill``: in the middle of the last one."""
    name = "invoice_audit_killed" if kill else "invoice_audit"
    tracer = Tracer(name, folder=folder, meta={"model": MODEL, "month": "2026-10"}, tags=["example"])
    with tracer.run(), tracer.agent("auditor", input=f"Audit {len(INVOICES)} invoices"):
        plan(tracer)
        for number, currency in INVOICES:
            with tracer.step(f"audit {number}", currency=currency):
                audit(tracer, number, currency, kill)


def plan(tracer: Tracer) -> None:
    """Decide what to look at."""
    with tracer.llm("plan", model=MODEL, messages="Which invoices of 2026-10 need a second look?") as call:
        pause(24)
        call.finish("All five: their sums are above the limit.", input_tokens=2_410, output_tokens=58, cost_usd=0.0081)
    tracer.decision("router", chosen="audit_all", alternatives=["audit_all", "sample"], reason="five is few")


def audit(tracer: Tracer, number: str, currency: str, kill: bool) -> None:
    """One invoice: read it, convert its sum, and have the model judge it."""
    with tracer.tool("read_invoice", arguments={"number": number}) as tool:
        pause(31)
        tool.result({"number": number, "sum": 4_180.0, "currency": currency, "pages": 3})
    euros = convert_currency(tracer, 4_180.0, currency, kill)
    with tracer.llm("judge", model=MODEL, messages=f"Is {number} over {euros:.2f} EUR plausible?") as call:
        pause(90)
        call.finish("Plausible.", input_tokens=6_120, output_tokens=14, cost_usd=0.0187)


def convert_currency(tracer: Tracer, amount: float, currency: str, kill: bool) -> float:
    """An amount in euros."""
    with tracer.tool("convert_currency", arguments={"amount": amount, "from": currency, "to": "EUR"}) as tool:
        with tracer.span("look_up_rate", source="rates.example"):
            pause(11)
            if kill and currency not in RATES:
                tracer.log("the rate is not cached, asking upstream", level="warning", currency=currency)
                os.kill(os.getpid(), signal.SIGKILL)
        rate = rate_of(currency)
        tool.result(amount * rate)
        return amount * rate


def rate_of(currency: str) -> float:
    """How many euros one unit is worth."""
    try:
        return RATES[currency]
    except KeyError as error:
        raise UnknownCurrency(f"no rate for {currency} on 2026-10-31") from error


if __name__ == "__main__":
    folders = [word for word in sys.argv[1:] if word != "--kill"] or ["traces"]
    main(folders[0], kill="--kill" in sys.argv)
