package dev.burnish.trace;

import java.nio.file.Path;

/// Whether and where spans of calls are written: part of the settings of a script.
///
/// @param exporter the destination of spans
/// @param folder for files, one per process and host: `PROCESS.jsonl`, in the JSON form of OTLP,
///   which a collector reads
/// @param endpoint of a collector that takes OTLP over HTTP; `OTEL_EXPORTER_OTLP_*` of the
///   environment add headers, certificates, the timeout and the compression
/// @param share of the traces that are written, 0 to 1: of a trace all spans or none
public record TraceSettings(Exporter exporter, Path folder, String endpoint, double share) {
  /// Where spans go.
  public enum Exporter {
    /// No destination: nothing is traced, at no cost.
    NONE,
    /// To files.
    FILE,
    /// To a collector.
    OTLP
  }

  /// @throws IllegalArgumentException if the share is out of range, or the endpoint has no scheme
  public TraceSettings {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "a share is between 0 and 1: tracing.share=%s; 1 traces every call".formatted(share));
    }
    if (exporter == Exporter.OTLP && !endpoint.matches("https?://.+")) {
      throw new IllegalArgumentException(
          "a collector has an address: tracing.endpoint='%s'; set it to such as http://localhost:4318/v1/traces"
              .formatted(endpoint));
    }
  }

  /// Nothing is traced.
  public static TraceSettings defaults() {
    return new TraceSettings(
        Exporter.NONE, Path.of("traces"), "http://localhost:4318/v1/traces", 1);
  }

  /// The same to files in a folder.
  public TraceSettings toFiles(Path place) {
    return new TraceSettings(Exporter.FILE, place, endpoint, share);
  }

  /// The same to a collector.
  public TraceSettings toCollector(String address) {
    return new TraceSettings(Exporter.OTLP, folder, address, share);
  }
}
