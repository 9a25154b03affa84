package dev.burnish.trace;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporterBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/// The environment's settings for sending spans: `OTEL_EXPORTER_OTLP_HEADERS`, `_TIMEOUT`,
/// `_COMPRESSION`, `_CERTIFICATE`, `_CLIENT_KEY` and `_CLIENT_CERTIFICATE`, and the same with
/// `OTEL_EXPORTER_OTLP_TRACES_`, which takes precedence.
///
/// Source: opentelemetry-specification, specification/protocol/exporter.md.
///
/// @param variables of the process
record OtlpEnvironment(Map<String, String> variables) {
  /// Applies the settings of the environment; gzip unless that says otherwise.
  ///
  /// @throws IllegalArgumentException if a variable has an invalid value
  OtlpHttpSpanExporterBuilder applyTo(OtlpHttpSpanExporterBuilder builder) {
    builder.setCompression(find("COMPRESSION").orElse("gzip"));
    find("TIMEOUT").ifPresent(millis -> builder.setTimeout(timeout(millis)));
    find("HEADERS").ifPresent(headers -> addHeaders(builder, headers));
    find("CERTIFICATE").ifPresent(file -> builder.setTrustedCertificates(read(file)));
    find("CLIENT_KEY")
        .ifPresent(key ->
            find("CLIENT_CERTIFICATE")
                .ifPresent(certificate -> builder.setClientTls(read(key), read(certificate))));
    return builder;
  }

  private Optional<String> find(String name) {
    return Optional.ofNullable(variables.get("OTEL_EXPORTER_OTLP_TRACES_" + name))
        .or(() -> Optional.ofNullable(variables.get("OTEL_EXPORTER_OTLP_" + name)))
        .filter(value -> !value.isBlank());
  }

  private static Duration timeout(String millis) {
    if (!millis.matches("[0-9]{1,9}")) {
      throw new IllegalArgumentException(
          "a timeout must be milliseconds: OTEL_EXPORTER_OTLP_TIMEOUT=%s; set it to such as 10000"
              .formatted(millis));
    }
    return Duration.ofMillis(Long.parseLong(millis));
  }

  /// Pairs such as `authorization=Basic%20eA==,tenant=a`.
  private static void addHeaders(OtlpHttpSpanExporterBuilder builder, String headers) {
    for (String header : headers.split(",", -1)) {
      int equals = header.indexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException(
            "headers must be names and values: OTEL_EXPORTER_OTLP_HEADERS has '%s'; set it to such as name=value,name2=value2"
                .formatted(header.strip()));
      }
      builder.addHeader(
          header.substring(0, equals).strip(),
          URLDecoder.decode(header.substring(equals + 1).strip().replace("+", "%2B"), UTF_8));
    }
  }

  private static byte[] read(String file) {
    try {
      return Files.readAllBytes(Path.of(file));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "a file of OTEL_EXPORTER_OTLP_* must be readable: file=" + file, e);
    }
  }
}
