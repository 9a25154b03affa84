package dev.burnish.text;

import dev.burnish.text.Vocabulary.AddedToken;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;

/// Byte-level BPE in Java: the ids of Hugging Face's library, an order of magnitude faster, because
/// it creates only ids and never calls native code.
///
/// It is used only where every part of the `tokenizer.json` is understood exactly. A text is cut
/// into tokens in four steps, each as in the original: added tokens, normalisation (none or NFC),
/// words, merges within a word. Frequent words are remembered.
final class BytePairEncoder implements TokenEncoder {
  private static final int MOST_REMEMBERED = 1 << 16;
  private static final int LONGEST_REMEMBERED = 24;

  private final Supplier<TokenEncoder> library;
  private final Vocabulary vocabulary;
  private final int[] idOfByte;
  private final BytePairMerges merges;
  private final boolean wholeWordsFirst;
  private final boolean nfc;
  private final PreTokenizer preTokenizer;
  private final AddedTokens added;
  private final Map<String, Word> remembered = new ConcurrentHashMap<>();

  /// Tokens of a word.
  ///
  /// @param lengths bytes that each stands for
  /// @param complete whether every byte is in a token
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Word(int[] ids, int[] lengths, boolean complete) {}

  private BytePairEncoder(
      TokenizerJson json,
      Merges merges,
      PreTokenizer preTokenizer,
      boolean nfc,
      Supplier<TokenEncoder> library) {
    this.library = library;
    this.vocabulary = json.vocabulary();
    this.idOfByte = merges.idOfByte();
    this.merges = merges.table();
    this.preTokenizer = preTokenizer;
    this.nfc = nfc;
    this.wholeWordsFirst = json.root().path("model").path("ignore_merges").asBoolean(false);
    this.added = new AddedTokens(vocabulary.added());
  }

  /// The encoder of a `tokenizer.json`, or empty if a part of it is not understood exactly.
  ///
  /// @param library the original one, for what is rare
  static Optional<BytePairEncoder> of(TokenizerJson json, Supplier<TokenEncoder> library) {
    JsonNode root = json.root();
    JsonNode normalizer = root.path("normalizer");
    boolean nfc = normalizer.path("type").asString("").equals("NFC");
    boolean understood =
        (normalizer.isNull() || normalizer.isMissingNode() || nfc)
            && isPlain(root.path("model"))
            && json.vocabulary().added().stream().allMatch(BytePairEncoder::isPlain);
    return understood
        ? PreTokenizer.read(root.path("pre_tokenizer"))
            .flatMap(words ->
                Merges.read(json)
                    .map(merges -> new BytePairEncoder(json, merges, words, nfc, library)))
        : Optional.empty();
  }

  private static boolean isPlain(JsonNode model) {
    return model.path("type").asString("").equals("BPE")
        && model.path("dropout").asDouble(0) == 0
        && isAbsent(model.path("unk_token"))
        && isAbsent(model.path("continuing_subword_prefix"))
        && isAbsent(model.path("end_of_word_suffix"))
        && !model.path("byte_fallback").asBoolean(false);
  }

  private static boolean isAbsent(JsonNode node) {
    return node.isMissingNode() || node.isNull() || node.asString("x").isEmpty();
  }

  private static boolean isPlain(AddedToken token) {
    return !token.singleWord() && !token.lstrip() && !token.rstrip() && !token.normalized();
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Merges(BytePairMerges table, int[] idOfByte) {
    static Optional<Merges> read(TokenizerJson json) {
      JsonNode merges = json.root().path("model").path("merges");
      int[] left = new int[merges.size()];
      int[] right = new int[merges.size()];
      int[] result = new int[merges.size()];
      int rank = 0;
      for (JsonNode merge : merges) {
        String[] pair = pair(merge);
        if (pair.length != 2) {
          return Optional.empty();
        }
        left[rank] = json.vocabulary().id(pair[0]).orElse(-1);
        right[rank] = json.vocabulary().id(pair[1]).orElse(-1);
        result[rank] = json.vocabulary().id(pair[0] + pair[1]).orElse(-1);
        if (left[rank] < 0 || right[rank] < 0 || result[rank] < 0) {
          return Optional.empty();
        }
        rank++;
      }
      return Optional.of(new Merges(new BytePairMerges(left, right, result), bytes(json)));
    }

    private static String[] pair(JsonNode merge) {
      if (merge.isString()) {
        return merge.stringValue().split(" ", -1);
      }
      boolean pair = merge.size() == 2 && merge.get(0).isString() && merge.get(1).isString();
      return pair
          ? new String[] {merge.get(0).stringValue(), merge.get(1).stringValue()}
          : new String[0];
    }

    private static int[] bytes(TokenizerJson json) {
      int[] ids = new int[256];
      for (int b = 0; b < 256; b++) {
        ids[b] = json.vocabulary().id(String.valueOf(TokenBytes.charOf(b))).orElse(-1);
      }
      return ids;
    }
  }

  @Override
  public int[] encode(String text) {
    return sequence(text, false).ids();
  }

  @Override
  public Encoding encodeWithOffsets(String text) {
    if (nfc && !Normalizer.isNormalized(text, Normalizer.Form.NFC)) {
      return library.get().encodeWithOffsets(text); // it knows which characters became which
    }
    Sequence sequence = sequence(text, true);
    return sequence.complete ? sequence.encoding() : library.get().encodeWithOffsets(text);
  }

  private Sequence sequence(String text, boolean withOffsets) {
    Sequence sequence = new Sequence(text, withOffsets);
    added.split(text, sequence);
    return sequence;
  }

  /// The tokens of one text so far.
  private final class Sequence implements AddedTokens.Sink {
    private final String text;
    private final boolean withOffsets;
    private final IntList ids = new IntList();
    private final IntList starts = new IntList();
    private final IntList ends = new IntList();
    private boolean complete = true;

    Sequence(String text, boolean withOffsets) {
      this.text = text;
      this.withOffsets = withOffsets;
    }

    int[] ids() {
      return ids.toArray();
    }

    Encoding encoding() {
      return new Encoding(ids.toArray(), starts.toArray(), ends.toArray());
    }

    @Override
    public void token(int id, int start, int end) {
      ids.add(id);
      starts.add(start);
      ends.add(end);
    }

    @Override
    public void text(int start, int end) {
      String part = text.substring(start, end);
      String normalized = nfc ? Normalizer.normalize(part, Normalizer.Form.NFC) : part;
      preTokenizer.cut(
          normalized, (from, to) -> append(normalized.substring(from, to), start + from));
    }

    private void append(String piece, int start) {
      Word word = word(piece);
      complete &= word.complete();
      ids.addAll(word.ids());
      if (withOffsets) {
        int[] starts16 = Utf8Positions.starts(piece);
        int at = 0;
        for (int length : word.lengths()) {
          starts.add(start + starts16[at]);
          at += length;
          ends.add(start + Utf8Positions.ceiling(starts16, at));
        }
      }
    }
  }

  private Word word(String piece) {
    if (piece.length() > LONGEST_REMEMBERED) {
      return merge(piece);
    }
    Word word = remembered.get(piece);
    if (word == null) {
      word = merge(piece);
      if (remembered.size() < MOST_REMEMBERED) {
        remembered.put(piece, word);
      }
    }
    return word;
  }

  private Word merge(String word) {
    byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
    if (wholeWordsFirst) {
      StringBuilder name = new StringBuilder(bytes.length);
      for (byte b : bytes) {
        name.append(TokenBytes.charOf(b & 0xFF));
      }
      int whole = vocabulary.id(name.toString()).orElse(-1);
      if (whole >= 0) {
        return new Word(new int[] {whole}, new int[] {bytes.length}, true);
      }
    }
    int[] ids = new int[bytes.length];
    int[] lengths = new int[bytes.length];
    int count = 0;
    for (byte b : bytes) {
      int id = idOfByte[b & 0xFF];
      if (id >= 0) { // bytes that are in no token vanish, as in the original library
        ids[count] = id;
        lengths[count++] = 1;
      }
    }
    int size = merges.apply(ids, lengths, count);
    boolean complete = count == bytes.length;
    return new Word(Arrays.copyOf(ids, size), Arrays.copyOf(lengths, size), complete);
  }
}
