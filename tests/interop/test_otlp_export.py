"""An export as OTLP is what OpenTelemetry's own definition of it says."""

from typing import Any

import pytest

from tests.core.exporting.exported import samples, written

pytestmark = pytest.mark.interop

json_format = pytest.importorskip("google.protobuf.json_format", reason="opentelemetry-proto is not installed")
trace_pb2 = pytest.importorskip("opentelemetry.proto.trace.v1.trace_pb2", reason="opentelemetry-proto is not installed")


@pytest.mark.parametrize("number", range(len(samples())))
def test_every_sample_is_parsed_as_traces_data(number: int) -> None:
    job = samples()[number]
    # OTLP writes ids in hexadecimal, where JSON of protocol buffers has base64: both are texts here.
    data: Any = json_format.Parse(written(job, "otlp"), trace_pb2.TracesData())
    spans = [span for resource in data.resource_spans for scope in resource.scope_spans for span in scope.spans]
    assert len(spans) == job.run.span_count
    assert [span.name for span in spans] == [
        facts["name"] for facts in job.view.facts(full=False, events=False) if facts["recorded"]
    ]
    assert {span.status.code for span in spans} <= {0, 1, 2}
