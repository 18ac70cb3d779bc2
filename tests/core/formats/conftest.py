"""What all tests of formats share: a fault of a decoder's own never passes as a broken file."""

import logging

import pytest


@pytest.fixture(autouse=True)
def no_decoder_fault(request, caplog):
    """The suite fails where a decoder turned its own fault into an unreadable record; ``faulty_decoder`` marks intent."""
    with caplog.at_level(logging.ERROR, logger="tracetui"):
        yield
    if "faulty_decoder" not in request.fixturenames:
        assert [record.getMessage() for record in caplog.records if record.name == "tracetui"] == []


@pytest.fixture
def faulty_decoder():
    """Asked for by the tests whose decoder is meant to fail."""
