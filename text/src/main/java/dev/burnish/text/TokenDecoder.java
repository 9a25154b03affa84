package dev.burnish.text;

/// The way from ids to text.
interface TokenDecoder {
  String decode(int[] ids, boolean skipSpecial);

  StreamingDecoder stream();
}
