package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.burnish.trace.TraceSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Spans of calls over real processes.
class TracingTest {
  private static final int SERVER = 2;
  private static final int CLIENT = 3;

  @TempDir private Path folder = Path.of("");

  /// A span with the process that wrote it.
  private record Span(String process, JsonNode json) {
    String get(String key) {
      return json.path(key).asString("");
    }

    int kind() {
      return json.path("kind").asInt();
    }
  }

  private static List<Span> spans(JsonNode request) {
    List<Span> spans = new ArrayList<>();
    JsonNode resource = request.at("/resourceSpans/0");
    String process = "";
    for (JsonNode attribute : resource.at("/resource/attributes")) {
      if (attribute.path("key").asString().equals("service.instance.id")) {
        process = attribute.at("/value/stringValue").asString();
      }
    }
    for (JsonNode span : resource.at("/scopeSpans/0/spans")) {
      spans.add(new Span(process, span));
    }
    return spans;
  }

  private List<Span> written() throws IOException {
    List<Span> spans = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        for (String line : Files.readAllLines(file)) {
          spans.addAll(spans(JsonMapper.shared().readTree(line)));
        }
      }
    }
    return spans;
  }

  private static Span only(List<Span> spans, String process, String name, int kind) {
    List<Span> found =
        spans.stream()
            .filter(
                s -> s.process().equals(process) && s.get("name").equals(name) && s.kind() == kind)
            .toList();
    assertThat(found).as(process + " " + name + " in " + spans).hasSize(1);
    return found.getFirst();
  }

  private static void assertWithin(Span inner, Span outer) {
    assertThat(inner.get("parentSpanId")).isEqualTo(outer.get("spanId"));
    assertThat(inner.get("traceId")).isEqualTo(outer.get("traceId"));
  }

  @Test
  void aCallIsFollowedFromProcessToProcess() throws Exception {
    try (Job job =
        Job.start(JobOptions.named("traced").with(TraceSettings.defaults().toFiles(folder)))) {
      ProcMesh procs = job.hosts().spawnProcs(Map.of("gpus", 2));
      Counter first =
          procs.at("gpus", 0).spawn("first", Counter.class, CounterActor::new, 1).only();
      OwnedMesh<Counter> second =
          procs.at("gpus", 1).spawn("second", Counter.class, CounterActor::new, 2);
      assertThat(first.ask(second)).containsExactly(2);
      assertThatThrownBy(() -> first.fail("on purpose")).hasMessage("on purpose");
    }
    List<Span> spans = written();
    Span asked = only(spans, "controller", "first[0].ask", CLIENT);
    Span asking = only(spans, "procs/0", "first[0].ask", SERVER);
    Span called = only(spans, "procs/0", "second[0].value", CLIENT);
    Span served = only(spans, "procs/1", "second[0].value", SERVER);
    assertThat(asked.get("parentSpanId")).isEmpty();
    assertWithin(asking, asked);
    assertWithin(called, asking);
    assertWithin(served, called);
    assertThat(Long.parseLong(asked.get("startTimeUnixNano")))
        .isLessThanOrEqualTo(Long.parseLong(asked.get("endTimeUnixNano")));
    Span failed = only(spans, "procs/0", "first[0].fail", SERVER);
    assertThat(failed.json().at("/status/code").asInt()).isEqualTo(2);
    assertThat(failed.json().at("/status/message").asString()).isEqualTo("on purpose");
    assertThat(failed.get("traceId")).isNotEqualTo(asked.get("traceId"));
    assertThat(spans).noneMatch(span -> span.get("name").contains("agent"));
  }

  @Test
  void aCollectorGetsThemOverHttp() throws Exception {
    BlockingQueue<byte[]> bodies = new LinkedBlockingQueue<>();
    HttpServer collector =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    collector.createContext(
        "/v1/traces",
        exchange -> {
          assertThat(exchange.getRequestHeaders().getFirst("Content-Type"))
              .isEqualTo("application/x-protobuf");
          bodies.add(new GZIPInputStream(exchange.getRequestBody()).readAllBytes());
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    collector.start();
    try (Job job =
        Job.start(
            JobOptions.named("traced")
                .with(JobOptions.Processes.THREADS)
                .with(
                    TraceSettings.defaults()
                        .toCollector(
                            "http://127.0.0.1:%d/v1/traces"
                                .formatted(collector.getAddress().getPort()))))) {
      job.hosts()
          .spawnProcs(Map.of("gpus", 1))
          .spawn("counters", Counter.class, CounterActor::new, 1)
          .gather(Counter::value);
    } finally {
      collector.stop(1);
    }
    List<Span> spans = new ArrayList<>();
    for (byte[] body : bodies) {
      spans.addAll(spans(OtlpMessage.request(body)));
    }
    assertWithin(
        only(spans, "procs/0", "counters[0].value", SERVER),
        only(spans, "controller", "counters[0].value", CLIENT));
  }

  @Test
  void nothingIsTracedUnlessAsked() throws Exception {
    try (Job job =
        Job.start(
            JobOptions.named("untraced")
                .with(JobOptions.Processes.THREADS)
                .with(new TraceSettings(TraceSettings.Exporter.NONE, folder, "", 1)))) {
      job.hosts()
          .spawnProcs(Map.of("gpus", 1))
          .spawn("counters", Counter.class, CounterActor::new, 1)
          .gather(Counter::value);
    }
    assertThat(written()).isEmpty();
    assertThat(JobOptions.named("x").tracing().exporter()).isEqualTo(TraceSettings.Exporter.NONE);
  }

  @Test
  void wrongSettingsAreNamedWithTheirCure() {
    assertThatThrownBy(() -> TraceSettings.defaults().toCollector("localhost"))
        .hasMessageContaining("tracing.endpoint='localhost'");
    assertThatThrownBy(() -> new TraceSettings(TraceSettings.Exporter.FILE, folder, "", 2))
        .hasMessageContaining("tracing.share=2.0");
  }
}
