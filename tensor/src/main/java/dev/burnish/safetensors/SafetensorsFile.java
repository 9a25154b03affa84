package dev.burnish.safetensors;

import dev.burnish.safetensors.SafetensorsHeader.Entry;
import dev.burnish.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Map;
import java.util.Set;

/// A memory-mapped safetensors file. Opening validates the whole header and reads no tensor;
/// tensors are read-only views of the map and end with [#close]. Unconverted copies bypass the map,
/// whose pages would each fault once. Safe for use by several threads.
public final class SafetensorsFile implements Checkpoint {
  private final Path path;
  private final Arena arena;
  private final FileChannel channel;
  private final MemorySegment map;
  private final SafetensorsHeader header;

  private SafetensorsFile(Path path, Arena arena, FileChannel channel) throws IOException {
    this.path = path;
    this.arena = arena;
    this.channel = channel;
    this.map = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    this.header = SafetensorsHeader.parse(path, map);
  }

  /// Maps `file`.
  ///
  /// @throws CorruptFileException where the file breaks a rule of the format
  /// @throws UncheckedIOException where it cannot be read
  @SuppressWarnings("MustBeClosedChecker") // the file owns arena and channel, and closes them
  public static SafetensorsFile open(Path file) {
    Arena arena = Arena.ofShared();
    try {
      FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
      try {
        return new SafetensorsFile(file, arena, channel);
      } catch (IOException | RuntimeException | Error e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      arena.close();
      throw new UncheckedIOException("cannot map file=" + file + ": " + e, e);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /// The bytes of a file, mapped for as long as `arena` lives.
  public static MemorySegment map(Path file, Arena arena) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot map file=" + file + ": " + e, e);
    }
  }

  /// The `__metadata__` of the header.
  @Override
  public Map<String, String> description() {
    return Collections.unmodifiableMap(header.metadata());
  }

  /// Names of all tensors in the order of the header.
  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(header.entries().keySet());
  }

  @Override
  public DType dtype(String name) {
    return entry(name).dtype();
  }

  @Override
  public long[] shape(String name) {
    return entry(name).shape().clone();
  }

  /// A view of the tensor. Where the file is not padded, its address need not be a multiple of the
  /// element size: read it with unaligned layouts, or [#copyTo].
  @Override
  public StoredTensor get(String name) {
    Entry entry = entry(name);
    MemorySegment data =
        map.asSlice(header.dataStart() + entry.begin(), entry.end() - entry.begin());
    return new StoredTensor(name, entry.dtype(), entry.shape(), data);
  }

  @Override
  public void copyTo(String name, MemorySegment f32Destination) {
    StoredTensor tensor = get(name);
    boolean readable = tensor.dtype() == DType.F32 && f32Destination.isNative();
    if (readable && tensor.data().byteSize() == f32Destination.byteSize()) {
      long begin = header.dataStart() + entry(name).begin();
      Float32.parallel(
          tensor.elements(),
          f32Destination,
          f32Destination,
          (from, count) ->
              readFully(
                  f32Destination.asSlice(from * Float.BYTES, (long) count * Float.BYTES),
                  begin + from * Float.BYTES));
    } else {
      Float32.decode(tensor.dtype(), tensor.data(), f32Destination);
    }
  }

  private void readFully(MemorySegment destination, long position) {
    ByteBuffer buffer = destination.asByteBuffer();
    try {
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, position + buffer.position()) < 0) {
          throw new CorruptFileException(
              path, "file must not become shorter while it is read", "position", position);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read file=" + path + ": " + e, e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close file=" + path + ": " + e, e);
    } finally {
      arena.close();
    }
  }

  private Entry entry(String name) {
    Entry entry = header.entries().get(name);
    if (entry == null) {
      throw Checkpoint.unknownTensor(path, name, header.entries().keySet());
    }
    return entry;
  }

  @Override
  public String toString() {
    return "checkpoint " + path;
  }
}
