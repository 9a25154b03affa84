package dev.burnish.cli;

import dev.burnish.concurrent.TerminalText;
import dev.burnish.kernel.WeightFormat;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.TopLogprobs;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/// `burnish generate`: text streams to standard output; with `--json`, an object per completion. A
/// file or a pipe gets a completion as it is; a terminal gets none of its control characters.
@Command(name = "generate", description = "Complete a prompt with a model.", sortOptions = false)
final class GenerateCommand implements Callable<Integer> {
  @Mixin private ModelFlags model = new ModelFlags();

  @Option(
      names = "--prompt",
      required = true,
      paramLabel = "TEXT",
      description = "What to complete.")
  private String prompt = "";

  @Option(names = "--chat", description = "Put the prompt into the model's chat template.")
  private boolean chat;

  @Option(names = "--system", paramLabel = "TEXT", description = "The system message, with --chat.")
  private @Nullable String system;

  @Mixin private SamplingFlags sampling = new SamplingFlags();

  @Option(names = "--json", description = "Print a JSON object a completion.")
  private boolean json;

  @Override
  public Integer call() {
    sampling.check();
    if (sampling.wantsLogprobs() && !json) {
      throw new IllegalArgumentException("--logprobs needs --json: json=false; add --json");
    }
    GenerateOptions options =
        new GenerateOptions(
            model::load, model.engine(), prompt, chat, Optional.ofNullable(system), sampling::over);
    if (model.weights() != WeightFormat.F32 && !json) {
      System.err.printf(
          "weights: %s; docs/serve.md says what that changes%n",
          WeightFormats.name(model.weights()));
    }
    Completions.generate(
        options,
        json || sampling.count() > 1
            ? new Whole(System.out, json)
            : new Streaming(System.out, TerminalOutput.made(TerminalText::cleanLines)));
    return 0;
  }

  /// Prints the sampling settings to standard error, so that standard output is text alone.
  private static void show(SamplingParams params, List<String> unused) {
    System.err.printf(
        Locale.ROOT,
        "sampling: temperature=%s topP=%s topK=%d maxTokens=%d seed=%d%s%n",
        params.temperature(),
        params.truncation().topP(),
        params.truncation().topK(),
        params.maxTokens(),
        params.seed(),
        unused.isEmpty()
            ? ""
            : "; of generation_config.json not used: "
                + TerminalText.clean(String.join(", ", unused)));
  }

  /// One completion as it comes.
  static final class Streaming implements Completions.Output {
    private final PrintStream out;
    private final UnaryOperator<String> shown;

    /// @param shown maps a text to what is printed of it
    Streaming(PrintStream out, UnaryOperator<String> shown) {
      this.out = out;
      this.shown = shown;
    }

    @Override
    public void sampling(SamplingParams params, List<String> unused) {
      show(params, unused);
    }

    @Override
    public void text(int index, String piece) {
      out.print(shown.apply(piece));
      out.flush();
    }

    @Override
    public void finished(int index, Completion completion) {
      out.println();
    }
  }

  /// Several completions, or JSON: each is printed when it is complete.
  static final class Whole implements Completions.Output {
    private final PrintStream out;
    private final boolean json;
    private final UnaryOperator<String> shown;
    private final Map<Integer, StringBuilder> texts = new TreeMap<>();
    private SamplingParams sampling = SamplingParams.defaults();

    Whole(PrintStream out, boolean json) {
      this(out, json, TerminalOutput.made(json ? TerminalText::escaped : TerminalText::cleanLines));
    }

    /// @param shown maps a text or an object to what is printed of it
    Whole(PrintStream out, boolean json, UnaryOperator<String> shown) {
      this.out = out;
      this.json = json;
      this.shown = shown;
    }

    @Override
    public void sampling(SamplingParams params, List<String> unused) {
      sampling = params;
      if (!json) {
        show(params, unused);
      }
    }

    @Override
    public void text(int index, String piece) {
      texts.computeIfAbsent(index, i -> new StringBuilder()).append(piece);
    }

    @Override
    public void finished(int index, Completion completion) {
      String text = texts.getOrDefault(index, new StringBuilder()).toString();
      if (json) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("index", index);
        object.put("text", text);
        object.put("finishReason", completion.finish().name().toLowerCase(Locale.ROOT));
        object.put("tokens", completion.tokens().length);
        object.put("temperature", sampling.temperature());
        object.put("topP", sampling.truncation().topP());
        object.put("topK", sampling.truncation().topK());
        object.put("seed", sampling.seed());
        if (sampling.logprobs().asked()) {
          object.put("logprobs", logprobs(completion));
        }
        out.println(shown.apply(JsonMapper.shared().writeValueAsString(object)));
      } else {
        out.println("[" + index + "] " + shown.apply(text));
      }
      out.flush();
    }

    /// Per token its id and log-probability, and the likeliest ids with theirs.
    private static List<Map<String, Object>> logprobs(Completion completion) {
      List<Map<String, Object>> tokens = new ArrayList<>();
      for (int i = 0; i < completion.tokens().length; i++) {
        Map<String, Object> token = new LinkedHashMap<>();
        token.put("token", completion.tokens()[i]);
        token.put("logprob", completion.logprobs()[i]);
        TopLogprobs top = completion.details().top().get(i);
        Map<Integer, Float> likeliest = new LinkedHashMap<>();
        for (int k = 0; k < top.tokens().length; k++) {
          likeliest.put(top.tokens()[k], top.logprobs()[k]);
        }
        token.put("top", likeliest);
        tokens.add(token);
      }
      return tokens;
    }
  }
}
