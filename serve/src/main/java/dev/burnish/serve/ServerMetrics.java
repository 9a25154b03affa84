package dev.burnish.serve;

import dev.burnish.engine.EngineStats;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/// Counts what the server does, for Prometheus. Thread-safe.
final class ServerMetrics {
  private final Map<String, LongAdder> requests = new ConcurrentSkipListMap<>();
  private final LongAdder left = new LongAdder();
  private final LongAdder promptTokens = new LongAdder();
  private final LongAdder sampledTokens = new LongAdder();
  private final LatencyHistogram firstToken = new LatencyHistogram();
  private final LatencyHistogram whole = new LatencyHistogram();

  /// A request was answered.
  ///
  /// @param path of a route, or `other`
  void answered(String path, int status) {
    String labels = "path=\"%s\",status=\"%d\"".formatted(path, status);
    requests.computeIfAbsent(labels, _ -> new LongAdder()).increment();
  }

  /// A client went away before its answer was complete.
  void clientLeft() {
    left.increment();
  }

  void firstToken(long nanos) {
    firstToken.record(nanos);
  }

  void generated(GenerationRequest request, long sampled, long nanos) {
    promptTokens.add(request.prompts().stream().mapToLong(prompt -> prompt.length).sum());
    sampledTokens.add(sampled);
    whole.record(nanos);
  }

  /// Everything in Prometheus's text format, version 0.0.4.
  ///
  /// @param running requests for completions that are being served
  String text(EngineStats engine, int running) {
    StringBuilder out = new StringBuilder();
    type(out, "burnish_http_requests_total", "counter", "Requests answered, by path and status.");
    requests.forEach(
        (labels, count) -> sample(out, "burnish_http_requests_total{" + labels + "}", count.sum()));
    one(
        out,
        "burnish_requests_running",
        "gauge",
        "Requests for completions being served.",
        running);
    one(
        out,
        "burnish_clients_left_total",
        "counter",
        "Clients that left before their answer was complete.",
        left.sum());
    one(
        out,
        "burnish_prompt_tokens_total",
        "counter",
        "Tokens of prompts of answered requests.",
        promptTokens.sum());
    one(
        out,
        "burnish_generation_tokens_total",
        "counter",
        "Tokens of completions of answered requests.",
        sampledTokens.sum());
    engine(out, engine);
    firstToken.write(
        out, "burnish_time_to_first_token_seconds", "From a request's arrival to its first token.");
    whole.write(
        out, "burnish_request_duration_seconds", "From a request's arrival to its last token.");
    return out.toString();
  }

  private static void engine(StringBuilder out, EngineStats stats) {
    EngineStats.Load load = stats.load();
    EngineStats.Totals totals = stats.totals();
    one(
        out,
        "burnish_engine_samples_running",
        "gauge",
        "Samples that are computed.",
        load.running());
    one(out, "burnish_engine_samples_waiting", "gauge", "Samples that wait.", load.waiting());
    one(
        out,
        "burnish_engine_cache_tokens",
        "gauge",
        "Tokens that the cache holds at most.",
        load.cacheTokens());
    one(
        out,
        "burnish_engine_cache_used_tokens",
        "gauge",
        "Of these, held by running samples.",
        load.usedTokens());
    one(
        out,
        "burnish_engine_cache_reusable_tokens",
        "gauge",
        "Of these, kept for prompts to come.",
        load.reusableTokens());
    one(
        out,
        "burnish_engine_prompt_tokens_total",
        "counter",
        "Prompt tokens computed.",
        totals.promptTokens());
    one(
        out,
        "burnish_engine_reused_tokens_total",
        "counter",
        "Prompt tokens found in the cache.",
        totals.reusedTokens());
    one(
        out,
        "burnish_engine_sampled_tokens_total",
        "counter",
        "Tokens sampled.",
        totals.sampledTokens());
    one(
        out,
        "burnish_engine_preemptions_total",
        "counter",
        "Samples whose cache was given up.",
        totals.preemptions());
    one(
        out,
        "burnish_engine_aborted_total",
        "counter",
        "Requests ended before their samples.",
        totals.aborted());
  }

  private static void one(StringBuilder out, String name, String type, String help, long value) {
    type(out, name, type, help);
    sample(out, name, value);
  }

  private static void type(StringBuilder out, String name, String type, String help) {
    out.append(String.format(Locale.ROOT, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type));
  }

  private static void sample(StringBuilder out, String name, long value) {
    out.append(name).append(' ').append(value).append('\n');
  }
}
