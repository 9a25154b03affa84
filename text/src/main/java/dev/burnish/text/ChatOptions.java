package dev.burnish.text;

import dev.burnish.jinja.Limits;
import java.time.Clock;
import java.time.ZoneId;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The inputs of a chat template other than the messages. Tools, documents and variables are made
/// of null, booleans, numbers, strings, lists and maps.
///
/// @param generationPrompt whether the text ends where the assistant's answer begins
/// @param tools JSON schemas of the functions that the model may call; empty for none
/// @param documents texts that the model may quote; empty for none
/// @param variables further ones, such as `enable_thinking`; they take precedence over the others
/// @param limits what one rendering may use
/// @param clock what `strftime_now` reads
public record ChatOptions(
    boolean generationPrompt,
    List<Map<String, Object>> tools,
    List<Map<String, Object>> documents,
    Map<String, Object> variables,
    Limits limits,
    Clock clock) {
  public ChatOptions {
    tools = List.copyOf(tools);
    documents = List.copyOf(documents);
    variables = Collections.unmodifiableMap(new LinkedHashMap<>(variables));
  }

  public static ChatOptions defaults() {
    return new ChatOptions(
        false,
        List.of(),
        List.of(),
        Map.of(),
        Limits.defaults(),
        Clock.system(ZoneId.systemDefault()));
  }

  public ChatOptions withGenerationPrompt(boolean newGenerationPrompt) {
    return new ChatOptions(newGenerationPrompt, tools, documents, variables, limits, clock);
  }

  public ChatOptions withTools(List<Map<String, Object>> newTools) {
    return new ChatOptions(generationPrompt, newTools, documents, variables, limits, clock);
  }

  public ChatOptions withDocuments(List<Map<String, Object>> newDocuments) {
    return new ChatOptions(generationPrompt, tools, newDocuments, variables, limits, clock);
  }

  public ChatOptions withVariables(Map<String, Object> newVariables) {
    return new ChatOptions(generationPrompt, tools, documents, newVariables, limits, clock);
  }

  public ChatOptions withLimits(Limits newLimits) {
    return new ChatOptions(generationPrompt, tools, documents, variables, newLimits, clock);
  }

  public ChatOptions withClock(Clock newClock) {
    return new ChatOptions(generationPrompt, tools, documents, variables, limits, newClock);
  }
}
