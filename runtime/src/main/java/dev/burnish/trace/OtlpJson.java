package dev.burnish.trace;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.util.Collection;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Spans in the JSON form of OTLP, `ExportTraceServiceRequest`.
///
/// Source: opentelemetry-proto, opentelemetry/proto/trace/v1/trace.proto.
final class OtlpJson {
  private OtlpJson() {}

  /// One request with spans of one process.
  static ObjectNode request(Collection<SpanData> spans) {
    ObjectNode request = JsonMapper.shared().createObjectNode();
    ObjectNode ofResource = request.putArray("resourceSpans").addObject();
    ArrayNode attributes = ofResource.putObject("resource").putArray("attributes");
    spans.stream()
        .findFirst()
        .ifPresent(first -> add(attributes, first.getResource().getAttributes()));
    ObjectNode ofScope = ofResource.putArray("scopeSpans").addObject();
    ofScope.putObject("scope").put("name", "dev.burnish");
    ArrayNode list = ofScope.putArray("spans");
    spans.forEach(span -> write(span, list.addObject()));
    return request;
  }

  private static void write(SpanData span, ObjectNode out) {
    out.put("traceId", span.getTraceId()).put("spanId", span.getSpanId());
    if (span.getParentSpanContext().isValid()) {
      out.put("parentSpanId", span.getParentSpanId());
    }
    out.put("flags", Byte.toUnsignedInt(span.getSpanContext().getTraceFlags().asByte()));
    out.put("name", span.getName());
    out.put("kind", number(span.getKind()));
    out.put("startTimeUnixNano", Long.toString(span.getStartEpochNanos()));
    out.put("endTimeUnixNano", Long.toString(span.getEndEpochNanos()));
    add(out.putArray("attributes"), span.getAttributes());
    ObjectNode status = out.putObject("status");
    if (span.getStatus().getStatusCode() != StatusCode.UNSET) {
      status.put("code", span.getStatus().getStatusCode() == StatusCode.OK ? 1 : 2);
      status.put("message", span.getStatus().getDescription());
    }
  }

  private static int number(SpanKind kind) {
    return switch (kind) {
      case INTERNAL -> 1;
      case SERVER -> 2;
      case CLIENT -> 3;
      case PRODUCER -> 4;
      case CONSUMER -> 5;
    };
  }

  private static void add(ArrayNode out, Attributes attributes) {
    attributes.forEach((key, value) -> {
      ObjectNode to = out.addObject().put("key", key.getKey()).putObject("value");
      switch (value) {
        case Boolean b -> to.put("boolValue", b);
        case Long n -> to.put("intValue", n.toString());
        case Double d -> to.put("doubleValue", d);
        default -> to.put("stringValue", value.toString());
      }
    });
  }
}
