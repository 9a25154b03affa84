package dev.burnish.text;

import dev.burnish.text.Vocabulary.AddedToken;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.databind.json.JsonMapper;

/// One token per character of an alphabet: for models that are trained from random weights on texts
/// of a small alphabet. Id 0 pads, id 1 ends a sequence, the characters follow in the alphabet's
/// order. Saved, it is a word-level `tokenizer.json` that transformers reads to the same ids.
public final class CharacterTokenizer implements Tokenizer {
  public static final String PAD = "<|pad|>";
  public static final String END = "<|end|>";
  private static final int PAD_ID = 0;
  private static final int END_ID = 1;
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private final Vocabulary vocabulary;
  private final TokenBytes bytes;
  private final Map<Integer, Integer> idOfCharacter;
  private final Map<String, Integer> model;

  private CharacterTokenizer(String alphabet) {
    model = new LinkedHashMap<>();
    idOfCharacter = new HashMap<>();
    model.put(PAD, PAD_ID);
    model.put(END, END_ID);
    for (int character : alphabet.codePoints().toArray()) {
      String token = Character.toString(character);
      if (Character.getType(character) == Character.SURROGATE) {
        throw new IllegalArgumentException(
            "alphabet must not hold a lone surrogate: U+%04X".formatted(character));
      }
      if (model.putIfAbsent(token, model.size()) != null) {
        throw new IllegalArgumentException(
            "alphabet must hold each character once: character=%s".formatted(name(character)));
      }
      idOfCharacter.put(character, model.size() - 1);
    }
    vocabulary = new Vocabulary(model, List.of(special(PAD_ID, PAD), special(END_ID, END)));
    bytes = TokenBytes.plain(vocabulary);
  }

  /// A tokenizer whose tokens are the characters (code points) of the alphabet.
  ///
  /// @throws IllegalArgumentException if a character is there twice
  public static CharacterTokenizer of(String alphabet) {
    return new CharacterTokenizer(alphabet);
  }

  private static AddedToken special(int id, String content) {
    return new AddedToken(id, content, false, false, false, false, true);
  }

  private static String name(int character) {
    return "'%s' (U+%04X)".formatted(Character.toString(character), character);
  }

  /// @throws TokenizerException if the text has a character that is not in the alphabet
  @Override
  public int[] encode(String text) {
    return encodeWithOffsets(text).ids();
  }

  @Override
  public Encoding encodeWithOffsets(String text) {
    int[] ids = new int[text.length()];
    int[] starts = new int[text.length()];
    int[] ends = new int[text.length()];
    int count = 0;
    for (int at = 0; at < text.length(); count++) {
      starts[count] = at;
      if (text.startsWith(END, at)) {
        ids[count] = END_ID;
        at += END.length();
      } else if (text.startsWith(PAD, at)) {
        ids[count] = PAD_ID;
        at += PAD.length();
      } else {
        ids[count] = idOfCharacterAt(text, at);
        at += Character.charCount(text.codePointAt(at));
      }
      ends[count] = at;
    }
    return new Encoding(
        Arrays.copyOf(ids, count), Arrays.copyOf(starts, count), Arrays.copyOf(ends, count));
  }

  private int idOfCharacterAt(String text, int at) {
    int character = text.codePointAt(at);
    Integer id = idOfCharacter.get(character);
    if (id == null) {
      throw new TokenizerException(
          "text must be written in the alphabet: character=%s at index=%d; add it to the alphabet"
              .formatted(name(character), at));
    }
    return id;
  }

  @Override
  public String decode(int[] ids, boolean skipSpecial) {
    return bytes.decode(ids, skipSpecial);
  }

  @Override
  public StreamingDecoder stream() {
    return bytes.stream();
  }

  @Override
  public int vocabularySize() {
    return vocabulary.size();
  }

  @Override
  public OptionalInt id(String token) {
    return vocabulary.id(token);
  }

  @Override
  public String token(int id) {
    return vocabulary
        .token(id)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "no token has id=%d; ids are below vocabularySize=%d"
                    .formatted(id, vocabulary.size())));
  }

  @Override
  public byte[] bytes(int id) {
    return bytes.of(id).clone();
  }

  @Override
  public boolean isSpecial(int id) {
    return vocabulary.isSpecial(id);
  }

  @Override
  public OptionalInt beginId() {
    return OptionalInt.empty();
  }

  @Override
  public OptionalInt endId() {
    return OptionalInt.of(END_ID);
  }

  @Override
  public OptionalInt padId() {
    return OptionalInt.of(PAD_ID);
  }

  @Override
  public Optional<ChatTemplate> chatTemplate() {
    return Optional.empty();
  }

  @Override
  public TokenizerFiles files() {
    return new TokenizerFiles(
        "character tokenizer",
        Map.of(
            TokenizerFiles.TOKENIZER, json(tokenizerJson()),
            TokenizerFiles.CONFIG, json(tokenizerConfig())));
  }

  private static byte[] json(Object tree) {
    return MAPPER
        .writerWithDefaultPrettyPrinter()
        .writeValueAsString(tree)
        .getBytes(StandardCharsets.UTF_8);
  }

  private Map<String, Object> tokenizerJson() {
    Map<String, Object> split = new LinkedHashMap<>();
    split.put("type", "Split");
    split.put("pattern", Map.of("Regex", "[\\s\\S]"));
    split.put("behavior", "Isolated");
    split.put("invert", false);
    Map<String, Object> wordLevel = new LinkedHashMap<>();
    wordLevel.put("type", "WordLevel");
    wordLevel.put("vocab", model);
    wordLevel.put("unk_token", "<|unknown|>"); // in no vocabulary: the library refuses the text too
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("version", "1.0");
    root.put("truncation", null);
    root.put("padding", null);
    root.put("added_tokens", addedTokens());
    root.put("normalizer", null);
    root.put("pre_tokenizer", split);
    root.put("post_processor", null);
    root.put("decoder", Map.of("type", "Fuse"));
    root.put("model", wordLevel);
    return root;
  }

  private List<Map<String, Object>> addedTokens() {
    List<Map<String, Object>> tokens = new ArrayList<>();
    for (AddedToken token : vocabulary.added()) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("id", token.id());
      entry.put("content", token.content());
      entry.put("single_word", false);
      entry.put("lstrip", false);
      entry.put("rstrip", false);
      entry.put("normalized", false);
      entry.put("special", true);
      tokens.add(entry);
    }
    return tokens;
  }

  private static Map<String, Object> tokenizerConfig() {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("tokenizer_class", "PreTrainedTokenizerFast");
    config.put("eos_token", END);
    config.put("pad_token", PAD);
    config.put("clean_up_tokenization_spaces", false);
    return config;
  }

  /// Does nothing: there is nothing native to free.
  @Override
  public void close() {}
}
