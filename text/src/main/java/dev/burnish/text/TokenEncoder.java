package dev.burnish.text;

/// The way from well-formed text to ids: the native library, or a Java path that is equal to it.
interface TokenEncoder {
  int[] encode(String text);

  Encoding encodeWithOffsets(String text);
}
