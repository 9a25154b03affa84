package dev.burnish.cli;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// Describes the error in a command line in our form: constraint, value and remedy.
final class Usage {
  private Usage() {}

  static String message(ParameterException e) {
    CommandLine line = e.getCommandLine();
    String text =
        switch (e) {
          case UnmatchedArgumentException unmatched -> unmatched(line, unmatched);
          case MissingParameterException missing when !missing.getMissing().isEmpty() ->
              "%s needs %s: it is missing"
                  .formatted(
                      line.getCommandName(),
                      missing.getMissing().stream()
                          .map(Usage::written)
                          .collect(Collectors.joining(" and ")));
          case ParameterException invalid
              when invalid.getArgSpec() != null && invalid.getValue() != null ->
              "%s is %s: value=%s"
                  .formatted(
                      name(invalid.getArgSpec()), kind(invalid.getArgSpec()), invalid.getValue());
          default -> String.valueOf(e.getMessage()).replaceFirst("^Error: ", "");
        };
    return text + "; see " + line.getCommandSpec().qualifiedName() + " --help";
  }

  private static String unmatched(CommandLine line, UnmatchedArgumentException e) {
    String argument = e.getUnmatched().getFirst();
    String command = line.getCommandName();
    boolean root = line.getParent() == null;
    if (argument.startsWith("-")) {
      String cure = command.equals("run") ? "what is for the script comes after its name" : near(e);
      return "%s takes no option %s%s"
          .formatted(command, argument, cure.isEmpty() ? "" : "; " + cure);
    }
    if (root && argument.endsWith(".java")) {
      return "there is no command %s: a script is run with `%s run %s`"
          .formatted(argument, command, argument);
    }
    if (root) {
      String near = near(e);
      return "there is no command %s%s".formatted(argument, near.isEmpty() ? "" : "; " + near);
    }
    return "%s takes no argument %s: %s"
        .formatted(
            command,
            argument,
            command.equals("generate")
                ? "the prompt is the value of --prompt, in quotes"
                : "quote a value that has spaces");
  }

  private static String near(UnmatchedArgumentException e) {
    List<String> suggestions = e.getSuggestions();
    return suggestions.isEmpty() ? "" : "did you mean " + suggestions.getFirst() + "?";
  }

  private static String written(ArgSpec argument) {
    return argument instanceof OptionSpec option
        ? option.longestName() + (option.arity().max() > 0 ? "=" + option.paramLabel() : "")
        : argument.paramLabel();
  }

  private static String name(ArgSpec argument) {
    return argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
  }

  private static String kind(ArgSpec argument) {
    Class<?> type = argument.type();
    if (type.isEnum()) {
      return "one of "
          + Arrays.stream(type.getEnumConstants())
              .map(Object::toString)
              .collect(Collectors.joining(", "));
    }
    return switch (type.getSimpleName()) {
      case "int", "Integer", "long", "Long" -> "a whole number";
      case "double", "Double" -> "a number, such as 0.7";
      case "Path" -> "a path";
      case "boolean", "Boolean" -> "true or false";
      default -> "of another form";
    };
  }
}
