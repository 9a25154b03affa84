package dev.burnish.trace;

import dev.burnish.metrics.JsonLines;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;

/// Appends spans to a file of the process, one OTLP request per line.
final class FileExporter implements SpanExporter {
  private final JsonLines lines;

  FileExporter(Path folder, String process, String host) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "traces are written to a folder: tracing.folder=%s; name one that can be made"
              .formatted(folder),
          e);
    }
    String name = (host + "." + process).replaceAll("[^A-Za-z0-9._-]", ".");
    lines = JsonLines.append(folder.resolve(name + ".jsonl"));
  }

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    lines.write(OtlpJson.request(spans));
    return CompletableResultCode.ofSuccess();
  }

  @Override
  public CompletableResultCode flush() {
    return CompletableResultCode.ofSuccess();
  }

  @Override
  public CompletableResultCode shutdown() {
    lines.close();
    return CompletableResultCode.ofSuccess();
  }
}
