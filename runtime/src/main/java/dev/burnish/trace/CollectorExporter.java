package dev.burnish.trace;

import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Sends spans to a collector by OpenTelemetry's own exporter: OTLP over HTTP, compressed, retried
/// after a while, as `OTEL_EXPORTER_OTLP_*` configures it. Spans that the collector does not accept
/// are counted and reported once, since a program does not wait for its collector.
final class CollectorExporter implements SpanExporter {
  private static final System.Logger LOG = System.getLogger(CollectorExporter.class.getName());

  /// Would print a stack trace for each batch that is not accepted. Kept in a field, as a logger
  /// without references loses its level.
  private static final Logger FAILURES =
      Logger.getLogger("io.opentelemetry.exporter.otlp.internal.HttpExporter");

  private final String endpoint;
  private final OtlpHttpSpanExporter exporter;
  private final AtomicLong numLost = new AtomicLong();

  CollectorExporter(String endpoint, OtlpEnvironment environment) {
    FAILURES.setLevel(Level.OFF);
    this.endpoint = endpoint;
    this.exporter =
        environment.applyTo(OtlpHttpSpanExporter.builder()).setEndpoint(endpoint).build();
  }

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    CompletableResultCode result = exporter.export(spans);
    return result.whenComplete(() -> {
      if (!result.isSuccess()) {
        lost(spans.size(), Optional.ofNullable(result.getFailureThrowable()));
      }
    });
  }

  private void lost(int count, Optional<Throwable> cause) {
    if (numLost.getAndAdd(count) == 0) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the collector takes no spans: tracing.endpoint={0} ({1})",
          endpoint,
          cause.map(CollectorExporter::reason).orElse("it does not say why"));
    }
  }

  private static String reason(Throwable thrown) {
    return Optional.ofNullable(thrown.getCause()).orElse(thrown).toString();
  }

  @Override
  public CompletableResultCode flush() {
    return exporter.flush();
  }

  @Override
  public CompletableResultCode shutdown() {
    if (numLost.get() > 0) {
      LOG.log(
          System.Logger.Level.WARNING, "{0} spans were not taken: {1}", numLost.get(), endpoint);
    }
    return exporter.shutdown();
  }
}
