package dev.burnish.text;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongFunction;

/// Hugging Face's own tokenizers library, through DJL's binding: reads every kind of
/// `tokenizer.json`.
///
/// The binding's wrapper class is bypassed: it truncates by default, reads settings of the
/// process's environment and may call home; the functions under it do none of that.
final class NativeTokenizer implements TokenEncoder, TokenDecoder {
  private final TokenizersLibrary library;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private long handle;

  /// @throws TokenizerException if the library refuses the file
  NativeTokenizer(TokenizerJson json) {
    library = library();
    try {
      handle = library.createTokenizerFromString(json.text());
    } catch (RuntimeException e) {
      throw new TokenizerException(
          "%s of %s is refused: %s"
              .formatted(TokenizerFiles.TOKENIZER, json.files().origin(), e.getMessage()),
          e);
    }
    library.disableTruncation(handle);
    library.disablePadding(handle);
  }

  private static TokenizersLibrary library() {
    // The library comes from the jar: never ask the network for another build of it.
    System.setProperty("ai.djl.offline", "true");
    if (System.getenv("RUST_FLAVOR") == null) {
      System.setProperty("RUST_FLAVOR", "cpu");
    }
    try {
      LibUtils.checkStatus();
    } catch (RuntimeException e) {
      throw new TokenizerException(
          "the native tokenizers library cannot be loaded: %s; it is unpacked to DJL_CACHE_DIR, by default ~/.djl.ai, which must be writable"
              .formatted(e.getMessage()),
          e);
    }
    return TokenizersLibrary.LIB;
  }

  @Override
  public int[] encode(String text) {
    return encoding(text, encoding -> toInts(library.getTokenIds(encoding)));
  }

  @Override
  public Encoding encodeWithOffsets(String text) {
    return encoding(text, encoding -> withOffsets(text, encoding));
  }

  private Encoding withOffsets(String text, long encoding) {
    int[] ids = toInts(library.getTokenIds(encoding));
    CharSpan[] spans = library.getTokenCharSpans(encoding);
    int[] utf16 = utf16OfCodePoint(text);
    int[] starts = new int[ids.length];
    int[] ends = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      CharSpan span = spans[i];
      if (span != null) {
        starts[i] = utf16[span.getStart()];
        ends[i] = utf16[span.getEnd()];
      } else if (i > 0) { // a token that stands for no text
        starts[i] = ends[i - 1];
        ends[i] = ends[i - 1];
      }
    }
    return new Encoding(ids, starts, ends);
  }

  /// UTF-16 index at which each code point begins, and the length of the text after the last.
  private static int[] utf16OfCodePoint(String text) {
    int[] index = new int[text.codePointCount(0, text.length()) + 1];
    int at = 0;
    for (int i = 0; i < index.length - 1; i++) {
      index[i] = at;
      at += Character.charCount(text.codePointAt(at));
    }
    index[index.length - 1] = text.length();
    return index;
  }

  private <T> T encoding(String text, LongFunction<T> read) {
    lock.readLock().lock();
    try {
      long encoding = library.encode(open(), text, false);
      try {
        return read.apply(encoding);
      } finally {
        library.deleteEncoding(encoding);
      }
    } catch (IllegalStateException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new TokenizerException(
          "text of length=%d is outside the tokenizer's vocabulary: %s"
              .formatted(text.length(), e.getMessage()),
          e);
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public String decode(int[] ids, boolean skipSpecial) {
    long[] longs = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      longs[i] = ids[i];
    }
    lock.readLock().lock();
    try {
      return library.decode(open(), longs, skipSpecial);
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public StreamingDecoder stream() {
    return new PrefixStream(this);
  }

  private long open() {
    if (handle == 0) {
      throw new IllegalStateException(
          "the tokenizer is closed; keep it open while texts are encoded");
    }
    return handle;
  }

  void close() {
    lock.writeLock().lock();
    try {
      if (handle != 0) {
        library.deleteTokenizer(handle);
        handle = 0;
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  private static int[] toInts(long[] longs) {
    int[] ints = new int[longs.length];
    for (int i = 0; i < longs.length; i++) {
      ints[i] = Math.toIntExact(longs[i]);
    }
    return ints;
  }
}
