package dev.burnish.serve;

import dev.burnish.rollout.SamplingParams;
import dev.burnish.serve.GenerationRequest.Delivery;
import dev.burnish.tools.ToolFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ThreadLocalRandom;
import tools.jackson.databind.JsonNode;

/// Reads requests for completions and chats into what is generated for them.
final class RequestReader {
  private static final int COMPLETION_TOKENS = 16; // OpenAI's default
  private static final int MAX_TOP_LOGPROBS = 20;

  private final ModelCard model;
  private final ChatReader chats;
  private final int maxChoices;

  /// @param maxChoices completions of one request
  RequestReader(ModelCard model, int maxChoices) {
    this.model = model;
    this.chats = new ChatReader(model.template());
    this.maxChoices = maxChoices;
  }

  /// A request of `/v1/completions`.
  ///
  /// @throws ApiError if it is wrong
  GenerationRequest completion(Fields fields) {
    model.requireNamed(fields);
    fields.refuse("suffix", "write it into the prompt");
    fields.refuse("prompt_logprobs", "use echo with logprobs=0");
    List<int[]> prompts = new ArrayList<>();
    List<String> echoed = new ArrayList<>();
    prompts(fields, prompts, echoed);
    OptionalInt logprobs = fields.integer("logprobs", 0, MAX_TOP_LOGPROBS);
    if (fields.flag("echo") && logprobs.orElse(0) > 0) {
      throw ApiError.invalid(
          "echo",
          "echo must come with logprobs=0 or none: tokens of a prompt have their own logprob here, and not those of others: logprobs="
              + logprobs.getAsInt());
    }
    return request(
        fields,
        prompts,
        fields.flag("echo") ? echoed : List.of(),
        fields.integer("max_tokens", 1, Integer.MAX_VALUE).orElse(COMPLETION_TOKENS),
        format(fields, logprobs, Optional.empty()));
  }

  private void prompts(Fields fields, List<int[]> prompts, List<String> echoed) {
    JsonNode prompt =
        fields
            .value("prompt")
            .orElseThrow(() ->
                ApiError.invalid(
                    "prompt", "prompt must be there: a text, token ids, or a list of either"));
    boolean many = prompt.isArray() && !prompt.isEmpty() && !prompt.path(0).isNumber();
    int count = many ? prompt.size() : 1;
    if (count > maxChoices) {
      throw tooManyChoices(count);
    }
    for (int i = 0; i < count; i++) {
      JsonNode one = many ? prompt.path(i) : prompt;
      int[] ids =
          one.isString()
              ? model.tokenizer().encodePlain(one.stringValue())
              : fields.ids("prompt", one);
      prompts.add(ids);
      echoed.add(one.isString() ? one.stringValue() : model.tokenizer().decode(ids, true));
    }
  }

  /// A request of `/v1/chat/completions`.
  ///
  /// @throws ApiError if it is wrong
  GenerationRequest chat(Fields fields) {
    model.requireNamed(fields);
    String text = chats.render(fields);
    int[] prompt = model.tokenizer().encode(text);
    OptionalInt most = fields.integer("max_completion_tokens", 1, Integer.MAX_VALUE);
    if (most.isEmpty()) {
      most = fields.integer("max_tokens", 1, Integer.MAX_VALUE);
    }
    OptionalInt top = fields.integer("top_logprobs", 0, MAX_TOP_LOGPROBS);
    if (top.isPresent() && !fields.flag("logprobs")) {
      throw ApiError.invalid("top_logprobs", "top_logprobs must come with logprobs=true");
    }
    return request(
        fields,
        List.of(prompt),
        List.of(),
        most.orElse(Integer.MAX_VALUE),
        format(
            fields,
            fields.flag("logprobs") ? OptionalInt.of(top.orElse(0)) : OptionalInt.empty(),
            chats.calls(fields)));
  }

  static GenerationRequest.Format format(
      Fields fields, OptionalInt logprobs, Optional<ToolFormat> tools) {
    return new GenerationRequest.Format(
        delivery(fields),
        logprobs,
        fields.flag("return_token_ids"),
        fields.flag("return_tokens_as_token_ids"),
        tools);
  }

  /// The tokens of a `prompt`, or of `messages`, for `/tokenize`.
  int[] tokens(Fields fields) {
    model.requireNamed(fields);
    if (fields.has("messages")) {
      return model.tokenizer().encode(chats.render(fields));
    }
    String text =
        fields
            .text("prompt")
            .orElseThrow(() ->
                ApiError.invalid("prompt", "prompt or messages must be there, to be tokenized"));
    return fields.value("add_special_tokens").isPresent() && !fields.flag("add_special_tokens")
        ? model.tokenizer().encode(text)
        : model.tokenizer().encodePlain(text);
  }

  private GenerationRequest request(
      Fields fields,
      List<int[]> prompts,
      List<String> echoed,
      int mostTokens,
      GenerationRequest.Format format) {
    int shortest = model.maxLength();
    for (int[] prompt : prompts) {
      requireFit(prompt);
      shortest = Math.min(shortest, prompt.length);
    }
    int maxTokens = Math.min(mostTokens, model.maxLength() - shortest);
    long seed = ThreadLocalRandom.current().nextLong();
    SamplingParams sampling =
        new SamplingFields(fields, model)
            .read(maxTokens, seed)
            .withLogprobs(
                new SamplingParams.Logprobs(
                    format.topLogprobs().orElse(0), SamplingParams.Logprobs.Distribution.TEMPERED));
    if ((long) prompts.size() * sampling.bestOf() > maxChoices) {
      throw tooManyChoices((long) prompts.size() * sampling.bestOf());
    }
    if (sampling.bestOf() > sampling.n() && format.delivery() != Delivery.WHOLE) {
      throw ApiError.invalid(
          "best_of", "best_of must be n in a stream: the best are known at the end alone");
    }
    int firstIndex = fields.integer("prompt_index", 0, Integer.MAX_VALUE - maxChoices).orElse(0);
    return new GenerationRequest(prompts, sampling, firstIndex, echoed, format);
  }

  private void requireFit(int[] prompt) {
    if (prompt.length == 0) {
      throw ApiError.invalid("prompt", "a prompt must have at least one token: tokens=0");
    }
    if (prompt.length >= model.maxLength()) {
      throw ApiError.invalid(
              "prompt",
              "a prompt must leave room in the model's longest sequence of %d tokens: tokens=%d; shorten it"
                  .formatted(model.maxLength(), prompt.length))
          .withCode("context_length_exceeded");
    }
    for (int id : prompt) {
      if (id >= model.vocabulary()) {
        throw ApiError.invalid(
            "prompt",
            "a token id must lie below %d, the size of the vocabulary: id=%d"
                .formatted(model.vocabulary(), id));
      }
    }
  }

  private ApiError tooManyChoices(long count) {
    return ApiError.invalid(
        "n",
        "prompts times n must be at most %d: completions=%d; send several requests"
            .formatted(maxChoices, count));
  }

  private static Delivery delivery(Fields fields) {
    boolean usage =
        fields.object("stream_options").map(options -> options.flag("include_usage")).orElse(false);
    if (!fields.flag("stream")) {
      return Delivery.WHOLE;
    }
    return usage ? Delivery.STREAMED_WITH_USAGE : Delivery.STREAMED;
  }
}
