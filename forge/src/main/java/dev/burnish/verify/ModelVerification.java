package dev.burnish.verify;

import dev.burnish.engine.BatchGenerator;
import dev.burnish.engine.PromptEncoder;
import dev.burnish.gguf.GgufConverter;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.ActivationPolicy;
import dev.burnish.nn.Pass;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import dev.burnish.text.ChatMessage;
import dev.burnish.text.ChatOptions;
import dev.burnish.text.Tokenizer;
import dev.burnish.text.TokenizerFiles;
import dev.burnish.train.objective.CrossEntropy;
import dev.burnish.verify.Evidence.Collector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/// A model against its recorded forward, gradients and greedy continuations. Two schemas are known:
/// a list of `cases` with text, and a batch of `ids` with loss and gradient norms (docs/verify.md).
final class ModelVerification {
  private static final double LOGITS = 1e-4;
  private static final double LOSS = 1e-5;
  private static final double GRADIENTS = 1e-3;

  /// Below this margin between the first and the second choice a greedy token may differ without
  /// being wrong.
  private static final double TIE = 1e-3;

  private final LanguageModel model;
  private final Optional<Tokenizer> tokenizer;
  private final Collector found = new Collector();

  private ModelVerification(LanguageModel model, Optional<Tokenizer> tokenizer) {
    this.model = model;
    this.tokenizer = tokenizer;
  }

  /// @param folder of the model, or a GGUF file
  /// @param file of recorded values
  public static List<Evidence> verify(Path folder, Path file) {
    JsonNode recorded = Recorded.read(file);
    boolean hasText = recorded.has("cases");
    try (LanguageModel model = LanguageModel.loadForAnyLength(folder)) {
      Optional<Tokenizer> tokenizer = hasText ? Optional.of(tokenizer(folder)) : Optional.empty();
      ModelVerification verification = new ModelVerification(model, tokenizer);
      if (hasText) {
        recorded.get("cases").forEach(verification::text);
      } else {
        verification.batch(recorded, file);
      }
      tokenizer.ifPresent(Tokenizer::close);
      return verification.found.evidence();
    }
  }

  private static Tokenizer tokenizer(Path folder) {
    return Tokenizer.of(
        Files.isRegularFile(folder)
            ? new TokenizerFiles(folder.toString(), GgufConverter.sideFiles(folder))
            : TokenizerFiles.read(folder));
  }

  // --- cases with text ---

  private void text(JsonNode example) {
    Tokenizer text = tokenizer.orElseThrow();
    int[] ids = Recorded.ints(example.get("ids"));
    String prompt = example.get("text").asString();
    String where = "text " + prompt.substring(0, Math.min(30, prompt.length()));
    if (example.has("messages")) {
      found.addExact("template", rendered(example.get("messages")).equals(prompt), where);
    }
    boolean plain = !example.has("messages") && Arrays.equals(text.encodePlain(prompt), ids);
    found.addExact("ids", plain || Arrays.equals(text.encode(prompt), ids), where);
    forward(example, ids, where);
    greedy(example, ids, text, where);
  }

  private String rendered(JsonNode messages) {
    List<ChatMessage> chat = new ArrayList<>();
    messages.forEach(
        m -> chat.add(new ChatMessage(m.get("role").asString(), m.get("content").asString())));
    return tokenizer
        .flatMap(Tokenizer::chatTemplate)
        .orElseThrow(
            () -> new IllegalArgumentException("recorded chats need a model with a chat template"))
        .render(chat, ChatOptions.defaults().withGenerationPrompt(true));
  }

  private void forward(JsonNode example, int[] ids, String where) {
    TokenForest forest = new TokenForest();
    Targets targets = new Targets().addNode(forest, forest.add(TokenForest.ROOT, ids), 1);
    try (TensorScope _ = TensorScope.open();
        Pass pass = model.decoder().evaluate(forest)) {
      Tensor logits_TV = pass.logits(IntStream.range(0, ids.length).toArray());
      float[] sums = logits_TV.logsumexp(-1).toFloatArray();
      float[] means = logits_TV.mean(-1, false).toFloatArray();
      float[] last = logits_TV.select(0, ids.length - 1L).toFloatArray();
      for (int i = 0; i < ids.length; i++) {
        String at = where + " position " + i;
        found.add("logits", LOGITS, sums[i], example.get("logsumexp").get(i).asDouble(), at);
        found.add("logits", LOGITS, means[i], example.get("logits_mean").get(i).asDouble(), at);
      }
      for (int i = 0; i < example.get("last_top_ids").size(); i++) {
        int id = example.get("last_top_ids").get(i).asInt();
        double expected = example.get("last_top_logits").get(i).asDouble();
        found.add("logits", LOGITS, last[id], expected, where + " id " + id);
      }
      float[] logprobs = pass.logprobs(targets, 1).logprobs();
      for (int i = 0; i < logprobs.length; i++) {
        double expected = example.get("logprob_of_next").get(i).asDouble();
        found.add("logprobs", LOGITS, logprobs[i], expected, where + " position " + i);
      }
    }
  }

  private void greedy(JsonNode example, int[] ids, Tokenizer text, String where) {
    int[] expected = Recorded.ints(example.get("greedy_ids"));
    Completion completion =
        new BatchGenerator(model, PromptEncoder.of(text))
            .generate(Prompt.tokens(ids), SamplingParams.greedy(expected.length))
            .completions()
            .getFirst();
    boolean equal = Arrays.equals(completion.tokens(), expected);
    boolean tie = example.path("smallest_greedy_margin").asDouble(1) < TIE;
    found.addExact("greedy", equal || tie, where);
    if (equal) {
      for (int i = 0; i < expected.length; i++) {
        found.add(
            "greedy logprobs",
            LOGITS,
            completion.logprobs()[i],
            example.get("greedy_logprobs").get(i).asDouble(),
            where + " token " + i);
      }
    }
  }

  // --- a batch of ids ---

  private void batch(JsonNode recorded, Path file) {
    JsonNode rows = Recorded.member(recorded, "ids", file);
    TokenForest forest = new TokenForest();
    Targets targets = new Targets();
    List<Double> expected = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      int node = forest.add(TokenForest.ROOT, Recorded.ints(rows.get(i)));
      targets.addNode(forest, node, 1);
      recorded.get("logprobs").get(i).forEach(value -> expected.add(value.asDouble()));
    }
    try (TensorScope _ = TensorScope.open();
        Pass pass = model.decoder().forward(forest, ActivationPolicy.keepAll())) {
      float[] logits = pass.logits(forest.length(0) - 1).toFloatArray();
      for (int i = 0; i < logits.length; i++) {
        double wanted = recorded.get("logits_first_row_last_position").get(i).asDouble();
        found.add("logits", LOGITS, logits[i], wanted, "id " + i);
      }
      int count = targets.size();
      Pass.Logprobs result = pass.backward(targets, 1, new CrossEntropy(count)).targets();
      double loss = 0;
      for (int i = 0; i < count; i++) {
        found.add("logprobs", LOGITS, result.logprobs()[i], expected.get(i), "target " + i);
        loss -= result.logprobs()[i];
      }
      found.add("loss", LOSS, loss / count, recorded.get("loss").asDouble(), "");
    }
    Gradients.norms(model.decoder(), recorded.get("gradient_norms"), GRADIENTS, found);
    if (recorded.has("greedy")) {
      greedyIds(recorded.get("greedy"));
    }
  }

  private void greedyIds(JsonNode greedy) {
    List<Prompt> prompts = new ArrayList<>();
    greedy.get("prompt").forEach(row -> prompts.add(Prompt.tokens(Recorded.ints(row))));
    SamplingParams params = SamplingParams.greedy(greedy.get("new_tokens").asInt());
    if (greedy.path("eos_suppressed").asBoolean(false)) {
      params = params.withSuppressed(IntStream.of(model.endTokens()).boxed().toList());
    }
    List<Group> groups =
        new BatchGenerator(model, PromptEncoder.tokensOnly()).generateAll(prompts, params);
    for (int i = 0; i < prompts.size(); i++) {
      int[] expected = Recorded.ints(greedy.get("ids").get(i));
      boolean equal = Arrays.equals(groups.get(i).completions().getFirst().tokens(), expected);
      found.addExact("greedy", equal, "row " + i);
    }
  }
}
