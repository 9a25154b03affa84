package dev.burnish.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Spans that reach a collector, and the report when it takes none.
class CollectorExporterTest {
  private record Received(String path, Map<String, List<String>> headers) {
    String header(String name) {
      return String.join(",", headers.getOrDefault(name, List.of()));
    }
  }

  private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
  private final AtomicInteger status = new AtomicInteger(200);
  private final AtomicInteger numFailing = new AtomicInteger();
  private final HttpServer collector;

  CollectorExporterTest() throws Exception {
    collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
  }

  @BeforeEach
  void start() {
    collector.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          received.add(
              new Received(
                  exchange.getRequestURI().getPath(), Map.copyOf(exchange.getRequestHeaders())));
          int answer = numFailing.getAndDecrement() > 0 ? 503 : status.get();
          exchange.sendResponseHeaders(answer, -1);
          exchange.close();
        });
    collector.start();
  }

  @AfterEach
  void stop() {
    collector.stop(0);
  }

  private void send(Map<String, String> environment) {
    String endpoint = "http://127.0.0.1:%d/v1/traces".formatted(collector.getAddress().getPort());
    CollectorExporter exporter = new CollectorExporter(endpoint, new OtlpEnvironment(environment));
    try (SdkTracerProvider provider =
        SdkTracerProvider.builder()
            .addSpanProcessor(SimpleSpanProcessor.create(exporter))
            .build()) {
      provider.get("test").spanBuilder("span").startSpan().end();
      provider.forceFlush().join(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void spansAreSentCompressedWithTheHeadersOfTheEnvironment() throws Exception {
    send(
        Map.of(
            "OTEL_EXPORTER_OTLP_HEADERS",
            "overridden=1",
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
            "authorization=Basic%20a+b==, tenant=x",
            "OTEL_EXPORTER_OTLP_TIMEOUT",
            "20000"));
    Received request = received.take();
    assertThat(request.path()).isEqualTo("/v1/traces");
    assertThat(request.header("Content-type")).isEqualTo("application/x-protobuf");
    assertThat(request.header("Content-encoding")).isEqualTo("gzip");
    assertThat(request.header("Authorization")).isEqualTo("Basic a+b==");
    assertThat(request.header("Tenant")).isEqualTo("x");
    assertThat(request.header("Overridden")).isEmpty();
  }

  @Test
  void theEnvironmentMayAskForNoCompression() throws Exception {
    send(Map.of("OTEL_EXPORTER_OTLP_COMPRESSION", "none"));
    assertThat(received.take().header("Content-encoding")).isEmpty();
  }

  @Test
  void aCollectorThatIsBusyIsAskedAgain() throws Exception {
    numFailing.set(1);
    send(Map.of());
    assertThat(received).hasSize(2);
  }

  @Test
  void aCollectorThatTakesNothingIsToldOfInOneLine() {
    List<String> logged = new ArrayList<>();
    Logger root = Logger.getLogger("");
    Handler[] before = root.getHandlers();
    Handler listener =
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            logged.add(java.text.MessageFormat.format(line.getMessage(), line.getParameters()));
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    root.addHandler(listener);
    try {
      status.set(404);
      send(Map.of());
    } finally {
      root.removeHandler(listener);
    }
    assertThat(before).doesNotContain(listener);
    assertThat(logged).hasSize(2);
    assertThat(logged.getFirst())
        .contains("the collector takes no spans: tracing.endpoint=http://");
    assertThat(logged.getLast()).contains("1 spans were not taken");
  }

  @Test
  void wrongVariablesAreNamedWithTheirCure() {
    assertThatThrownBy(() -> send(Map.of("OTEL_EXPORTER_OTLP_HEADERS", "nothing")))
        .hasMessageContaining("OTEL_EXPORTER_OTLP_HEADERS has 'nothing'");
    assertThatThrownBy(() -> send(Map.of("OTEL_EXPORTER_OTLP_TIMEOUT", "1s")))
        .hasMessageContaining("OTEL_EXPORTER_OTLP_TIMEOUT=1s");
    assertThatThrownBy(() -> send(Map.of("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such")))
        .hasMessageContaining("file=/no/such");
  }
}
