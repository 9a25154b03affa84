package dev.burnish.serve;

import dev.burnish.rollout.Priority;
import dev.burnish.rollout.SamplingParams;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/// Reads the sampling of a request: OpenAI's members, and vLLM's for what OpenAI's API does not
/// have.
final class SamplingFields {
  private static final int MAX_STOP_TEXTS = 16;
  private static final int MAX_TOKEN_RULES = 4096;
  private static final double BANNED = -100; // from there on, as OpenAI's API has it

  private final Fields fields;
  private final ModelCard model;

  SamplingFields(Fields fields, ModelCard model) {
    this.fields = fields;
    this.model = model;
  }

  /// @param maxTokens of each completion
  /// @param seed for a request that gives none
  /// @throws ApiError if a value is out of range
  SamplingParams read(int maxTokens, long seed) {
    refuse();
    int n = fields.integer("n", 1, Integer.MAX_VALUE).orElse(1);
    return SamplingParams.defaults()
        .withN(n)
        .withBestOf(fields.integer("best_of", n, Integer.MAX_VALUE).orElse(n))
        .withMaxTokens(maxTokens)
        .withTemperature(
            fields.number("temperature", 0, 100).orElse(model.defaults().temperature()))
        .withTruncation(truncation())
        .withTokens(tokens())
        .withPenalties(penalties())
        .withStop(stop(maxTokens))
        .withStructure(new StructureFields(fields).read())
        .withPriority(priority())
        .withSeed(fields.integer64("seed", Long.MIN_VALUE, Long.MAX_VALUE).orElse(seed));
  }

  /// vLLM's numbers, of which lower ones come first.
  private Priority priority() {
    return Priority.ofRank(
        fields.integer("priority", Integer.MIN_VALUE, Integer.MAX_VALUE).orElse(0));
  }

  private void refuse() {
    fields.refuse("use_beam_search", "sample instead");
    for (String name : List.of("guided_json", "guided_regex", "guided_choice")) {
      fields.refuse(name, "use structured_outputs");
    }
  }

  private SamplingParams.Truncation truncation() {
    SamplingParams.Truncation otherwise = model.defaults().truncation();
    int topK = fields.integer("top_k", -1, Integer.MAX_VALUE).orElse(otherwise.topK());
    return new SamplingParams.Truncation(
        fields.number("top_p", Double.MIN_NORMAL, 1).orElse(otherwise.topP()),
        Math.max(0, topK),
        fields.number("min_p", 0, 1).orElse(otherwise.minP()),
        fields.number("typical_p", Double.MIN_NORMAL, 1).orElse(otherwise.typicalP()));
  }

  private SamplingParams.Penalties penalties() {
    return new SamplingParams.Penalties(
        fields
            .number("repetition_penalty", Double.MIN_NORMAL, 100)
            .orElse(model.defaults().repetitionPenalty()),
        fields.number("presence_penalty", -100, 100).orElse(0),
        fields.number("frequency_penalty", -100, 100).orElse(0));
  }

  private SamplingParams.TokenRules tokens() {
    List<Integer> suppressed = new ArrayList<>(model.defaults().suppressed());
    Map<Integer, Double> bias = new LinkedHashMap<>();
    fields
        .value("logit_bias")
        .ifPresent(value ->
            fields
                .requireObject("logit_bias", value)
                .properties()
                .forEach(entry -> readBias(entry.getKey(), entry.getValue(), suppressed, bias)));
    requireFew("logit_bias", suppressed.size() + bias.size());
    return new SamplingParams.TokenRules(ids("allowed_token_ids"), suppressed, badWords(), bias);
  }

  private void readBias(
      String token, JsonNode value, List<Integer> suppressed, Map<Integer, Double> bias) {
    double number = value.isNumber() ? value.doubleValue() : Double.NaN;
    int id = token.matches("\\d{1,9}") ? Integer.parseInt(token) : -1;
    if (id < 0 || !(Math.abs(number) <= 1e6)) {
      throw ApiError.invalid(
          "logit_bias", "logit_bias must have numbers by token id: %s=%s".formatted(token, value));
    }
    requireKnown("logit_bias", id);
    if (number <= BANNED) {
      suppressed.add(id);
    } else {
      bias.put(id, number);
    }
  }

  /// A word is bad at the beginning of a text and after a space, which are other tokens.
  private List<List<Integer>> badWords() {
    List<List<Integer>> words = new ArrayList<>();
    for (String word : fields.texts("bad_words")) {
      for (String form : List.of(word, " " + word)) {
        int[] ids = model.tokenizer().encode(form);
        if (ids.length > 0) {
          words.add(IntStream.of(ids).boxed().toList());
        }
      }
    }
    requireFew("bad_words", words.size());
    return words;
  }

  private List<Integer> ids(String name) {
    int[] ids = fields.value(name).map(value -> fields.ids(name, value)).orElse(new int[0]);
    for (int id : ids) {
      requireKnown(name, id);
    }
    requireFew(name, ids.length);
    return IntStream.of(ids).boxed().toList();
  }

  private void requireKnown(String name, int id) {
    if (id >= model.vocabulary()) {
      throw ApiError.invalid(
          name,
          "a token id must lie below %d, the size of the vocabulary: id=%d"
              .formatted(model.vocabulary(), id));
    }
  }

  private static void requireFew(String name, int count) {
    if (count > MAX_TOKEN_RULES) {
      throw ApiError.invalid(
          name,
          "%s must have at most %d entries: entries=%d".formatted(name, MAX_TOKEN_RULES, count));
    }
  }

  private SamplingParams.Stop stop(int maxTokens) {
    List<String> texts = fields.texts("stop");
    if (texts.size() > MAX_STOP_TEXTS || texts.stream().anyMatch(String::isEmpty)) {
      throw ApiError.invalid(
          "stop",
          "stop must have at most %d texts of at least one character: texts=%d"
              .formatted(MAX_STOP_TEXTS, texts.size()));
    }
    fields.refuse("include_stop_str_in_output", "add the stop text yourself");
    return new SamplingParams.Stop(
        texts,
        ids("stop_token_ids"),
        fields.integer("min_tokens", 0, maxTokens).orElse(0),
        fields.flag("ignore_eos")
            ? SamplingParams.Stop.AtEnd.CONTINUE
            : SamplingParams.Stop.AtEnd.STOP);
  }
}
