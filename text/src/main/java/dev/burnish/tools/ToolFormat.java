package dev.burnish.tools;

import dev.burnish.text.ChatTemplate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.databind.json.JsonMapper;

/// How a family of models writes calls of tools. Each call is a JSON object with the name of the
/// tool and its arguments; what stands around it differs.
public enum ToolFormat {
  /// Hermes, Qwen and others: each call between `<tool_call>` and `</tool_call>`, anywhere in a
  /// text. Source: the chat templates of Hermes 2 Pro and Qwen 2.5.
  HERMES {
    @Override
    public String render(List<ToolCall> calls) {
      return calls.stream()
          .map(call -> "<tool_call>\n" + object(call, "arguments") + "\n</tool_call>")
          .collect(Collectors.joining("\n"));
    }
  },
  /// Llama 3: objects with `parameters`, separated by semicolons, at the beginning of a text or
  /// after `<|python_tag|>`. Source: the prompt format of Llama 3.1.
  LLAMA3 {
    @Override
    public String render(List<ToolCall> calls) {
      return calls.stream()
          .map(call -> object(call, "parameters"))
          .collect(Collectors.joining("; "));
    }
  },
  /// Mistral: a list after `[TOOL_CALLS]`, or at the beginning of a text where special tokens are
  /// not shown. Source: the tokenizer of Mistral 7B Instruct v0.3.
  MISTRAL {
    @Override
    public String render(List<ToolCall> calls) {
      return "[TOOL_CALLS]" + list(calls);
    }
  },
  /// A text that is an object, or a list of objects.
  JSON {
    @Override
    public String render(List<ToolCall> calls) {
      return calls.size() == 1 ? object(calls.getFirst(), "arguments") : list(calls);
    }
  };

  /// Where calls may begin.
  enum Start {
    /// After the marker alone.
    AFTER_MARKER,
    /// There, and at the beginning of the text.
    BEGINNING
  }

  /// Marks around the objects, apart from white space.
  ///
  /// @param marker before calls; empty for none
  /// @param list opens a list of them, which may be left out; empty for none
  /// @param separators characters of which some may stand between two objects
  /// @param close ends the objects of a marker, or of a list where there are lists
  record Syntax(String marker, Start start, String list, String separators, String close) {}

  Syntax syntax() {
    return switch (this) {
      case HERMES -> new Syntax("<tool_call>", Start.AFTER_MARKER, "", "", "</tool_call>");
      case LLAMA3 -> new Syntax("<|python_tag|>", Start.BEGINNING, "", ";", "");
      case MISTRAL -> new Syntax("[TOOL_CALLS]", Start.BEGINNING, "[", ",", "]");
      case JSON -> new Syntax("", Start.BEGINNING, "[", ",", "]");
    };
  }

  /// The calls as a model writes them.
  ///
  /// @param calls at least one
  public abstract String render(List<ToolCall> calls);

  /// A reader of one answer.
  public ToolCallReader reader() {
    return new ToolCallReader(this);
  }

  /// The texts and calls of an answer. White space next to a call is left out; a call that is not
  /// well-formed is text.
  public List<ToolPart> parse(String answer) {
    ToolCallReader reader = reader();
    List<ToolPart> parts = new ArrayList<>(reader.append(answer));
    for (ToolPart part : reader.finish()) {
      if (part instanceof ToolPart.Text(String more)
          && !parts.isEmpty()
          && parts.getLast() instanceof ToolPart.Text(String text)) {
        parts.set(parts.size() - 1, new ToolPart.Text(text + more));
      } else {
        parts.add(part);
      }
    }
    return parts;
  }

  /// The calls of an answer, and the text in it that was meant as one: a call that is malformed is
  /// told to the model and counted, never dropped. Text that is neither is left out.
  public List<ToolAttempt> attempts(String answer) {
    return new Attempts(this).in(answer);
  }

  /// The format that a model was trained with, by the words of its chat template; empty if that
  /// does not mention tools.
  public static Optional<ToolFormat> of(ChatTemplate template) {
    if (template.mentions(HERMES.syntax().marker())) {
      return Optional.of(HERMES);
    }
    if (template.mentions(MISTRAL.syntax().marker())) {
      return Optional.of(MISTRAL);
    }
    if (template.mentions(LLAMA3.syntax().marker()) || template.mentions("\"parameters\"")) {
      return Optional.of(LLAMA3);
    }
    return template.mentions("tools") ? Optional.of(JSON) : Optional.empty();
  }

  private static String list(List<ToolCall> calls) {
    return calls.stream()
        .map(call -> object(call, "arguments"))
        .collect(Collectors.joining(", ", "[", "]"));
  }

  private static String object(ToolCall call, String arguments) {
    String name = JsonMapper.shared().writeValueAsString(call.name());
    return "{\"name\": %s, \"%s\": %s}".formatted(name, arguments, call.arguments());
  }
}
