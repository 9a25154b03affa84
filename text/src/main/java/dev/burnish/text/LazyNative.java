package dev.burnish.text;

import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The native tokenizer of a file, built on first use: reading a large vocabulary takes it seconds,
/// and most texts never need it.
final class LazyNative implements AutoCloseable {
  private final TokenizerJson json;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile @Nullable NativeTokenizer tokenizer;
  private volatile boolean closed;

  LazyNative(TokenizerJson json) {
    this.json = json;
  }

  NativeTokenizer get() {
    NativeTokenizer built = tokenizer;
    return built == null ? build() : built;
  }

  /// @throws IllegalStateException if the tokenizer is closed
  void checkOpen() {
    if (closed) {
      throw new IllegalStateException(
          "the tokenizer is closed; keep it open while texts are encoded");
    }
  }

  private NativeTokenizer build() {
    lock.lock();
    try {
      checkOpen();
      NativeTokenizer built = tokenizer;
      if (built == null) {
        built = new NativeTokenizer(json);
        tokenizer = built;
      }
      return built;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      NativeTokenizer built = tokenizer;
      if (built != null) {
        built.close();
      }
    } finally {
      lock.unlock();
    }
  }
}
