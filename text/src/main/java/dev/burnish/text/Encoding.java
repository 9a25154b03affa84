package dev.burnish.text;

import java.util.List;

/// Token ids of a text with the part of the text that each one stands for.
///
/// @param ids token ids
/// @param starts index in the text, in UTF-16 units, of the first character of each token
/// @param ends index after the last character of each token. Tokens that are parts of one
///   character's bytes all span that whole character.
@SuppressWarnings("ArrayRecordComponent") // token ids travel as arrays everywhere; never compared
public record Encoding(int[] ids, int[] starts, int[] ends) {
  public Encoding {
    if (ids.length != starts.length || ids.length != ends.length) {
      throw new IllegalArgumentException(
          "ids, starts and ends must be of one length: ids=%d starts=%d ends=%d"
              .formatted(ids.length, starts.length, ends.length));
    }
  }

  public int size() {
    return ids.length;
  }

  /// Which tokens have a part of their text in one of the spans: the mask of a loss.
  public boolean[] within(List<Span> spans) {
    boolean[] mask = new boolean[ids.length];
    for (Span span : spans) {
      for (int i = 0; i < mask.length; i++) {
        mask[i] |= starts[i] < span.end() && ends[i] > span.start();
      }
    }
    return mask;
  }
}
