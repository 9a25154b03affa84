package dev.burnish.bench;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import dev.burnish.text.ChatMessage;
import dev.burnish.text.ChatOptions;
import dev.burnish.text.ChatTemplate;
import dev.burnish.text.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// `text`: encoding and decoding compared with DJL's tokenizers alone, where there is a model with
/// a `tokenizer.json`; and chat templates compared with building the same text in Java.
public final class TextBenchmark implements Benchmark {
  private static final String CHAT_ML =
      """
      {% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}\
      {{ '<|im_start|>system\\nYou help.<|im_end|>\\n' }}{% endif %}\
      {{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}\
      {% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}\
      """;

  @Override
  public String name() {
    return "text";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    options
        .model()
        .filter(folder -> Files.isRegularFile(folder.resolve("tokenizer.json")))
        .ifPresent(folder -> tokenizers(folder, texts(options), out));
    templates(out);
  }

  /// Lines of GSM8K, or made-up ones.
  private static List<String> texts(Options options) {
    return options
        .gsm8k()
        .map(TextBenchmark::lines)
        .orElseGet(
            () -> List.of("Natalia sold 48 clips in April, and then half as many in May. ", "été"));
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read file=" + file + ": " + e, e);
    }
  }

  private static void tokenizers(Path folder, List<String> texts, Consumer<Measurement> out) {
    double megabytes =
        texts.stream().mapToLong(t -> t.getBytes(StandardCharsets.UTF_8).length).sum() / 1e6;
    try (Tokenizer ours = Tokenizer.load(folder);
        HuggingFaceTokenizer djl =
            HuggingFaceTokenizer.newInstance(
                folder.resolve("tokenizer.json"),
                Map.of("addSpecialTokens", "false", "truncation", "false"))) {
      List<int[]> ids = texts.stream().map(ours::encode).toList();
      List<long[]> wide = texts.stream().map(text -> djl.encode(text).getIds()).toList();
      out.accept(
          compare(
              "text/encode",
              megabytes,
              () -> texts.forEach(ours::encode),
              () -> texts.forEach(text -> djl.encode(text).getIds())));
      out.accept(
          compare(
              "text/decode",
              megabytes,
              () -> ids.forEach(ours::decode),
              () -> wide.forEach(djl::decode)));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read folder=" + folder + ": " + e, e);
    }
  }

  private static Measurement compare(String name, double megabytes, Runnable ours, Runnable rival) {
    double baseline = megabytes / Measurement.median(Timing.seconds(3, 5, rival));
    List<Double> speeds = Timing.rates(megabytes, Timing.seconds(3, 5, ours));
    return Measurement.of(name, "MB/s", baseline, "DJL tokenizers alone", speeds);
  }

  private static void templates(Consumer<Measurement> out) {
    ChatTemplate template = ChatTemplate.of(CHAT_ML);
    ChatOptions options = ChatOptions.defaults().withGenerationPrompt(true);
    List<ChatMessage> messages =
        List.of(
            ChatMessage.user("What is 6 times 7?"),
            ChatMessage.assistant("6 times 7 is 42."),
            ChatMessage.user("And half of that?"));
    if (!template.render(messages, options).equals(direct(messages))) {
      throw new IllegalStateException(
          "both ways build the same text: template=%s direct=%s"
              .formatted(template.render(messages, options), direct(messages)));
    }
    int renders = 2000;
    double baseline =
        renders / Measurement.median(Timing.seconds(3, 5, repeat(renders, () -> direct(messages))));
    List<Double> speeds =
        Timing.rates(
            renders,
            Timing.seconds(3, 5, repeat(renders, () -> template.render(messages, options))));
    out.accept(
        Measurement.of(
            "text/template", "renders/s", baseline, "the same text from a StringBuilder", speeds));
  }

  private static Runnable repeat(int times, Runnable work) {
    return () -> {
      for (int i = 0; i < times; i++) {
        work.run();
      }
    };
  }

  private static String direct(List<ChatMessage> messages) {
    StringBuilder text = new StringBuilder("<|im_start|>system\nYou help.<|im_end|>\n");
    for (ChatMessage message : messages) {
      text.append("<|im_start|>").append(message.role()).append('\n');
      text.append(message.content()).append("<|im_end|>").append('\n');
    }
    return text.append("<|im_start|>assistant\n").toString();
  }
}
