package dev.burnish;

import dev.burnish.rollout.SamplingParams;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The sampling settings of a `generation_config.json`. Settings that it omits have the defaults of
/// transformers: greedy, and when sampling, temperature 1 and the 50 most likely tokens.
///
/// Source: `GenerationConfig._get_default_generation_params` of transformers 5.
///
/// @param unused settings that may change what is generated and are not supported here, as
///   `key=value`; none is ignored silently
record GenerationDefaults(SamplingParams sampling, List<String> unused) {
  private static final int TOP_K = 50;

  /// Settings that are honoured, here or in `LanguageModel`.
  private static final Set<String> USED =
      Set.of(
          "do_sample",
          "temperature",
          "top_p",
          "top_k",
          "min_p",
          "typical_p",
          "repetition_penalty",
          "bad_words_ids",
          "stop_strings",
          "suppress_tokens",
          "eos_token_id");

  /// Settings that change no token of a completion of one model: lengths, which the caller gives,
  /// ids that are only named, caches, what is returned, and settings of other ways to generate.
  private static final Set<String> HARMLESS =
      Set.of(
          "max_length",
          "max_new_tokens",
          "max_time",
          "early_stopping",
          "length_penalty",
          "bos_token_id",
          "pad_token_id",
          "decoder_start_token_id",
          "use_cache",
          "cache_implementation",
          "cache_config",
          "max_cache_len",
          "num_return_sequences",
          "output_attentions",
          "output_hidden_states",
          "output_scores",
          "output_logits",
          "return_dict_in_generate",
          "return_legacy_cache",
          "is_assistant",
          "num_assistant_tokens",
          "num_assistant_tokens_schedule",
          "assistant_confidence_threshold",
          "assistant_lookbehind",
          "target_lookbehind",
          "assistant_early_exit",
          "max_matching_ngram_size",
          "compile_config",
          "disable_compile",
          "low_memory",
          "prefill_chunk_size",
          "renormalize_logits",
          "transformers_version",
          "_from_model_config",
          "_commit_hash",
          "trust_remote_code");

  /// The value at which each of these settings has no effect; null and false disable any of them.
  private static final Map<String, Double> NEUTRAL =
      Map.ofEntries(
          Map.entry("encoder_repetition_penalty", 1.0),
          Map.entry("no_repeat_ngram_size", 0.0),
          Map.entry("encoder_no_repeat_ngram_size", 0.0),
          Map.entry("epsilon_cutoff", 0.0),
          Map.entry("eta_cutoff", 0.0),
          Map.entry("num_beams", 1.0),
          Map.entry("num_beam_groups", 1.0),
          Map.entry("diversity_penalty", 0.0),
          Map.entry("guidance_scale", 1.0),
          Map.entry("min_length", 0.0),
          Map.entry("min_new_tokens", 0.0));

  GenerationDefaults {
    unused = List.copyOf(unused);
  }

  /// @throws IllegalArgumentException if a setting has a value that it cannot have
  static GenerationDefaults of(ObjectNode json) {
    return new GenerationDefaults(sampling(json), unused(json));
  }

  private static SamplingParams sampling(ObjectNode json) {
    double topK = number(json, "top_k", TOP_K, 0, Integer.MAX_VALUE);
    // In transformers, 0 means the most likely token alone.
    double topP = Math.max(number(json, "top_p", 1, 0, 1), Double.MIN_NORMAL);
    double temperature = number(json, "temperature", 1, 0, 100);
    return SamplingParams.defaults()
        .withTemperature(json.path("do_sample").asBoolean(false) ? temperature : 0)
        .withTopP(topP)
        .withTopK((int) topK)
        .withMinP(number(json, "min_p", 0, 0, 1))
        .withTypicalP(number(json, "typical_p", 1, Double.MIN_NORMAL, 1))
        .withRepetitionPenalty(number(json, "repetition_penalty", 1, Double.MIN_NORMAL, 1e6))
        .withBadWords(badWords(json))
        .withStop(json.path("stop_strings").valueStream().map(JsonNode::asString).toList())
        .withSuppressed(ids(json.path("suppress_tokens")));
  }

  private static double number(
      ObjectNode json, String key, double otherwise, double least, double most) {
    if (!json.hasNonNull(key)) {
      return otherwise;
    }
    JsonNode value = json.path(key);
    double number = value.isNumber() ? value.doubleValue() : Double.NaN;
    if (!(number >= least && number <= most)) {
      throw new IllegalArgumentException(
          "%s of generation_config.json is a number from %s to %s: %s=%s; correct it there"
              .formatted(key, least, most, key, value));
    }
    return number;
  }

  private static List<List<Integer>> badWords(ObjectNode json) {
    return json.path("bad_words_ids").valueStream().map(GenerationDefaults::ids).toList();
  }

  private static List<Integer> ids(JsonNode array) {
    return array.valueStream().map(JsonNode::asInt).toList();
  }

  private static List<String> unused(ObjectNode json) {
    return json.properties().stream()
        .filter(entry -> !USED.contains(entry.getKey()) && !HARMLESS.contains(entry.getKey()))
        .filter(entry -> isInForce(entry.getKey(), entry.getValue()))
        .map(entry -> entry.getKey() + "=" + entry.getValue())
        .sorted()
        .toList();
  }

  private static boolean isInForce(String key, JsonNode value) {
    boolean off = value.isNull() || (value.isBoolean() && !value.booleanValue());
    boolean empty = value.isContainer() && value.isEmpty();
    boolean neutral =
        value.isNumber() && value.doubleValue() == NEUTRAL.getOrDefault(key, Double.NaN);
    return !off && !empty && !neutral;
  }
}
