package dev.burnish.trace;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicLong;

/// Sends spans to a collector as OTLP over HTTP. Spans that it does not take are counted and told
/// of once: a program does not wait for its collector.
final class HttpExporter implements SpanExporter {
  private static final System.Logger LOG = System.getLogger(HttpExporter.class.getName());
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  private final URI endpoint;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(TIMEOUT).build();
  private final AtomicLong numLost = new AtomicLong();

  HttpExporter(String endpoint) {
    this.endpoint = URI.create(endpoint);
  }

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    HttpRequest request =
        HttpRequest.newBuilder(endpoint)
            .timeout(TIMEOUT)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(OtlpJson.request(spans).toString()))
            .build();
    try {
      int status = client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
      if (status / 100 == 2) {
        return CompletableResultCode.ofSuccess();
      }
      lost(spans.size(), "status " + status);
    } catch (IOException e) {
      lost(spans.size(), e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return CompletableResultCode.ofFailure();
  }

  private void lost(int count, String reason) {
    if (numLost.getAndAdd(count) == 0) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the collector takes no spans: tracing.endpoint={0} ({1})",
          endpoint,
          reason);
    }
  }

  @Override
  public CompletableResultCode flush() {
    return CompletableResultCode.ofSuccess();
  }

  @Override
  public CompletableResultCode shutdown() {
    if (numLost.get() > 0) {
      LOG.log(
          System.Logger.Level.WARNING, "{0} spans were not taken: {1}", numLost.get(), endpoint);
    }
    client.shutdownNow();
    return CompletableResultCode.ofSuccess();
  }
}
