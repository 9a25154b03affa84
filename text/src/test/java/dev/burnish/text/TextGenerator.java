package dev.burnish.text;

import java.util.Random;

/// Random texts that are hard on tokenizers: scripts of many Unicode blocks, code, JSON, digits,
/// spaces, contractions, emoji sequences, and mixtures of these.
final class TextGenerator {
  private static final int[][] BLOCKS = {
    {0x20, 0x7E}, // ASCII
    {0xA0, 0x24F}, // Latin-1 and Latin extended
    {0x300, 0x36F}, // combining marks
    {0x370, 0x3FF}, // Greek
    {0x400, 0x4FF}, // Cyrillic
    {0x590, 0x5FF}, // Hebrew
    {0x600, 0x6FF}, // Arabic
    {0x900, 0x97F}, // Devanagari
    {0xE00, 0xE7F}, // Thai
    {0x1100, 0x11FF}, // Hangul jamo
    {0x2000, 0x206F}, // punctuation, with many kinds of spaces
    {0x2150, 0x218F}, // number forms
    {0x2200, 0x22FF}, // mathematical operators
    {0x3040, 0x30FF}, // Kana
    {0x4E00, 0x9FFF}, // CJK
    {0xAC00, 0xD7A3}, // Hangul
    {0xFF00, 0xFFEF}, // full-width forms
    {0x1D400, 0x1D7FF}, // mathematical letters and digits
    {0x1F300, 0x1F64F}, // emoji
  };
  private static final String[] PIECES = {
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\n\n",
    " \n ",
    "'s",
    "'re",
    "'LL",
    "I'm",
    "don't",
    "1234567",
    "3.14159",
    "0x1F",
    "²",
    "①",
    "<|im_start|>",
    "<|im_end|>",
    "<|endoftext|>",
    "<|im_",
    "👨‍👩‍👧",
    "🇫🇷",
    "e\u0301",
    "\u00A0",
    "\u2028",
    "\u0085",
    "\u3000",
    "\u200B",
    "\uFEFF",
    "def f(x):\n    return x ** 2  # ok\n",
    "{\"key\": [1, 2.5e-3, null, true], \"s\": \"a\\\"b\"}",
    "public static void main(String[] args) {",
    "https://example.org/a?b=c&d=%20",
    "The quick brown fox",
    "supercalifragilistic",
    "AAAAAAAAAAAAAAAA",
    "_____",
    "=====",
    "...",
    "\\frac{1}{2}",
    "ǅ",
    "ſ",
    "İ",
    "ß",
    "한국어",
    "日本語",
    "ไทย",
    "नमस्ते"
  };

  private TextGenerator() {}

  static int blocks() {
    return BLOCKS.length;
  }

  /// Letters of one block with spaces and digits in between.
  static String ofBlock(Random random, int block, int length) {
    int[] range = BLOCKS[block];
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      int choice = random.nextInt(12);
      if (choice == 0) {
        text.append(' ');
      } else if (choice == 1) {
        text.append(random.nextInt(10));
      } else {
        text.appendCodePoint(range[0] + random.nextInt(range[1] - range[0] + 1));
      }
    }
    return text.toString();
  }

  /// Pieces of everything.
  static String mixed(Random random, int pieces) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < pieces; i++) {
      switch (random.nextInt(4)) {
        case 0 ->
            text.append(ofBlock(random, random.nextInt(BLOCKS.length), 1 + random.nextInt(8)));
        case 1 -> text.append(word(random));
        default -> text.append(PIECES[random.nextInt(PIECES.length)]);
      }
    }
    return text.toString();
  }

  private static String word(Random random) {
    StringBuilder word = new StringBuilder(random.nextBoolean() ? " " : "");
    int length = 1 + random.nextInt(9);
    for (int i = 0; i < length; i++) {
      word.append((char) ('a' + random.nextInt(26)));
    }
    return word.toString();
  }
}
