package dev.burnish.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/// Fetches one file in parts, several at once, each resumed where it stopped.
final class HubDownload {
  private static final int BUFFER = 1 << 17;
  private static final long SPARE = 16L << 20;
  private static final long MAX_PARTS = 1 << 16;

  private final HubClient client;
  private final HubOptions options;
  private final URI address;
  private final HubFile file;
  private final Path target;
  private final AtomicLong received = new AtomicLong();

  HubDownload(HubClient client, HubOptions options, URI address, HubFile file, Path target) {
    this.client = client;
    this.options = options;
    this.address = address;
    this.file = file;
    this.target = target;
  }

  void run() throws IOException {
    if (file.size() / options.partBytes() >= MAX_PARTS) {
      throw new HubException(
          "file must have a size that can be fetched: file=%s, size=%d"
              .formatted(file.name(), file.size()));
    }
    try (PartialFile partial = new PartialFile(file, target, options.partBytes())) {
      received.set(partial.done());
      requireSpace(file.size() - partial.done() + SPARE);
      fetch(partial);
      partial.complete();
    }
  }

  private void requireSpace(long needed) throws IOException {
    Path folder = target.resolveSibling("");
    long free = Files.getFileStore(folder).getUsableSpace();
    if (free < needed) {
      throw new HubException(
          "disk must have room for the file: file=%s, needs=%d, free=%d bytes, folder=%s; free space or set HF_HOME"
              .formatted(file.name(), needed, free, folder));
    }
  }

  private void fetch(PartialFile partial) throws IOException {
    var names = Thread.ofVirtual().name("download-", 0).factory();
    try (ExecutorService workers = Executors.newFixedThreadPool(options.connections(), names)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < partial.parts(); i++) {
        int part = i;
        running.add(workers.submit(() -> fetch(partial, part)));
      }
      try {
        for (Future<?> future : running) {
          future.get();
        }
      } catch (ExecutionException e) {
        workers.shutdownNow();
        throw e.getCause() instanceof HubException hub
            ? hub
            : new HubException("cannot fetch file=" + file.name(), e);
      } catch (InterruptedException e) {
        workers.shutdownNow();
        Thread.currentThread().interrupt();
        throw new HubException("download was interrupted; it resumes when started again", e);
      }
    }
  }

  /// Tries until the part is whole; gives up after several consecutive attempts without progress.
  private void fetch(PartialFile partial, int part) {
    int failures = 0;
    while (partial.done(part) < partial.size(part)) {
      long before = partial.done(part);
      try {
        fetchOnce(partial, part);
      } catch (IOException e) {
        failures = partial.done(part) > before ? 1 : failures + 1;
        if (failures >= options.attempts()) {
          throw new HubException(
              "cannot fetch file=%s, part=%d of %d, after %d attempts; it resumes when started again"
                  .formatted(file.name(), part + 1, partial.parts(), failures),
              e);
        }
        client.pause(failures, e);
      }
    }
  }

  private void fetchOnce(PartialFile partial, int part) throws IOException {
    long start = partial.start(part) + partial.done(part);
    String range =
        String.format(
            Locale.ROOT, "bytes=%d-%d", start, partial.start(part) + partial.size(part) - 1);
    HttpResponse<InputStream> response = client.send("GET", address, range, r -> false);
    try (InputStream body = response.body()) {
      AtomicLong lastByte = new AtomicLong(System.nanoTime());
      Thread watchdog =
          Thread.ofVirtual().name("download-watchdog").start(() -> watch(body, lastByte));
      try {
        skipTo(start, response, body);
        copy(partial, part, body, lastByte);
      } finally {
        watchdog.interrupt();
      }
    }
  }

  /// A hub that does not support ranges sends the whole file; the bytes before the range are
  /// skipped.
  private void skipTo(long start, HttpResponse<?> response, InputStream body) throws IOException {
    if (response.statusCode() == 206) {
      String range = response.headers().firstValue("Content-Range").orElse("");
      if (!range.startsWith("bytes " + start + "-")) {
        throw new IOException("asked for byte %d, got Content-Range '%s'".formatted(start, range));
      }
    } else {
      body.skipNBytes(start);
    }
  }

  private void copy(PartialFile partial, int part, InputStream body, AtomicLong lastByte)
      throws IOException {
    byte[] buffer = new byte[BUFFER];
    long missing = partial.size(part) - partial.done(part);
    while (missing > 0) {
      int count = body.read(buffer, 0, (int) Math.min(buffer.length, missing));
      if (count < 0) {
        throw new IOException("connection ended %d bytes early".formatted(missing));
      }
      lastByte.set(System.nanoTime());
      partial.append(part, ByteBuffer.wrap(buffer, 0, count));
      missing -= count;
      options.progress().advanced(file.name(), received.addAndGet(count), file.size());
    }
  }

  /// Closes a body that has stalled, so that its reader fails.
  private void watch(InputStream body, AtomicLong lastByte) {
    try {
      while (System.nanoTime() - lastByte.get() < options.stall().toNanos()) {
        Thread.sleep(options.stall().dividedBy(4));
      }
      body.close();
    } catch (InterruptedException | IOException e) {
      Thread.currentThread().interrupt();
    }
  }
}
