package dev.burnish.env.openenv;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Between the words of a policy and the JSON objects of one kind of environment.
public interface Translation {
  /// The action that the policy's words are, as a JSON object.
  ///
  /// @throws IllegalArgumentException if they are none: the policy is told so, and asked again
  String action(String words);

  /// The words for an observation, which is a JSON object.
  String observation(String json);

  /// Actions of one text and observations of one text, such as `message` and `echoed_message` of
  /// OpenEnv's echo. An observation without that member is shown as JSON.
  static Translation fields(String action, String observation) {
    return new Translation() {
      @Override
      public String action(String words) {
        return JsonMapper.shared().createObjectNode().put(action, words).toString();
      }

      @Override
      public String observation(String json) {
        JsonNode value = JsonMapper.shared().readTree(json).path(observation);
        return value.isString() ? value.stringValue() : json;
      }
    };
  }

  /// The policy writes actions as JSON, and reads observations as JSON.
  static Translation json() {
    return new Translation() {
      @Override
      public String action(String words) {
        return object(words.strip());
      }

      @Override
      public String observation(String json) {
        return json;
      }
    };
  }

  private static String object(String words) {
    try {
      if (JsonMapper.shared().readTree(words) instanceof ObjectNode object) {
        return object.toString();
      }
    } catch (JacksonException e) {
      // said below
    }
    throw new IllegalArgumentException("an action must be a JSON object");
  }
}
