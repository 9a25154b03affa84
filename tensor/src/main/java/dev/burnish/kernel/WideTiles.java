package dev.burnish.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.constant.ConstantDescs;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The classes of [WideTile], one for each format of weights.
///
/// Idea: a loop that asks for the format in each turn is slow, and one method for each format and
/// number of rows is a thousand lines that differ in two. So the class file of [WideTile] is loaded
/// once more for each format, which comes with it as class data and is a constant for the compiler.
final class WideTiles {
  private static final Map<WeightFormat, MethodHandle> CONSTRUCTORS = constructors();

  private WideTiles() {}

  /// A tile over panels in that format.
  static Tile of(WeightFormat format) {
    try {
      return (Tile) Objects.requireNonNull(CONSTRUCTORS.get(format)).invokeExact();
    } catch (Throwable t) {
      throw new IllegalStateException("a tile cannot be made: format=" + format, t);
    }
  }

  /// The format of a class, [WeightFormat#F32] for the one that was loaded by name.
  static WeightFormat format(MethodHandles.Lookup lookup) {
    try {
      @Nullable WeightFormat format =
          MethodHandles.classData(lookup, ConstantDescs.DEFAULT_NAME, WeightFormat.class);
      return format == null ? WeightFormat.F32 : format;
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Map<WeightFormat, MethodHandle> constructors() {
    Map<WeightFormat, MethodHandle> constructors = new EnumMap<>(WeightFormat.class);
    try (InputStream file =
        Objects.requireNonNull(WideTile.class.getResourceAsStream("WideTile.class"))) {
      byte[] bytes = file.readAllBytes();
      for (WeightFormat format : WeightFormat.values()) {
        MethodHandles.Lookup tile =
            format == WeightFormat.F32
                ? MethodHandles.lookup().in(WideTile.class)
                : MethodHandles.lookup().defineHiddenClassWithClassData(bytes, format, true);
        constructors.put(
            format,
            tile.findConstructor(tile.lookupClass(), MethodType.methodType(void.class))
                .asType(MethodType.methodType(Tile.class)));
      }
      return constructors;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
