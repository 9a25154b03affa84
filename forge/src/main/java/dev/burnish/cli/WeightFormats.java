package dev.burnish.cli;

import dev.burnish.kernel.WeightFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// The formats of weights by their names on the command line: `f32`, `bf16`, `int8`.
final class WeightFormats implements ITypeConverter<WeightFormat>, Iterable<String> {
  private static final List<String> NAMES =
      Stream.of(WeightFormat.values()).map(WeightFormats::name).toList();

  static String name(WeightFormat format) {
    return format.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public WeightFormat convert(String value) {
    return Stream.of(WeightFormat.values())
        .filter(format -> name(format).equals(value))
        .findFirst()
        .orElseThrow(() ->
            new TypeConversionException(
                "must be one of %s: value=%s".formatted(String.join(", ", NAMES), value)));
  }

  @Override
  public Iterator<String> iterator() {
    return NAMES.iterator();
  }
}
