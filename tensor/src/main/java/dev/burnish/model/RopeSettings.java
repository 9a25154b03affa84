package dev.burnish.model;

import dev.burnish.nn.RopeTables;
import java.util.Optional;

/// How an architecture scales its rotary positions. Numbers follow the original library in single
/// precision.
///
/// Sources: linear, Chen et al. 2023; dynamic, NTK-aware scaling by length; llama3, the Llama 3.1
/// release; yarn, Peng et al. 2023.
sealed interface RopeSettings extends RopeTables.Frequencies {
  /// Reads either spelling of `config.json`: `rope_parameters`, or `rope_theta` with
  /// `rope_scaling`.
  static RopeSettings read(
      ConfigReader config, int headDim, int maxPositions, double defaultTheta) {
    Optional<ConfigReader> parameters = config.object("rope_parameters").filter(e -> !e.isEmpty());
    Optional<ConfigReader> scaling = config.object("rope_scaling").filter(e -> !e.isEmpty());
    double outerTheta = config.number("rope_theta", defaultTheta);
    requireWholeHeads(config);
    if (parameters.isEmpty() && scaling.isEmpty()) {
      return new Default(base(outerTheta, headDim));
    }
    ConfigReader settings = scaling.or(() -> parameters).orElseThrow();
    double theta = settings.number("rope_theta", outerTheta);
    requireWholeHeads(settings);
    String legacy = settings.text("type", "default");
    String kind = settings.text("rope_type", legacy);
    int trained = settings.integer("original_max_position_embeddings", maxPositions);
    int trainedFirst = config.integer("original_max_position_embeddings", trained);
    RopeSettings result =
        switch (kind) {
          case "default" -> new Default(base(theta, headDim));
          case "linear" -> new Linear(base(theta, headDim), settings.number("factor"));
          case "dynamic" -> new Dynamic(theta, headDim, settings.number("factor"), maxPositions);
          case "llama3" -> Llama3.read(base(theta, headDim), trainedFirst, settings);
          case "yarn" -> Yarn.read(theta, headDim, maxPositions, trainedFirst, settings);
          default ->
              throw new IllegalArgumentException(
                  "rope_type is one of default, linear, dynamic, llama3, yarn: rope_type=" + kind);
        };
    settings.refuseUnread();
    return result;
  }

  private static void requireWholeHeads(ConfigReader settings) {
    double factor = settings.number("partial_rotary_factor", 1);
    if (factor != 1) {
      throw new IllegalArgumentException(
          "only whole heads are rotated: partial_rotary_factor=" + factor);
    }
  }

  /// `theta ^ (-2 i / headDim)` for the first half of a head.
  private static float[] base(double theta, int headDim) {
    float[] inverse = new float[headDim / 2];
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] = 1f / (float) Math.pow((float) theta, (2f * i) / headDim);
    }
    return inverse;
  }

  /// Tokens of the longest sequence, for a model that says `maxPositions`.
  default int longest(int maxPositions) {
    return maxPositions;
  }

  @Override
  default double attentionFactor() {
    return 1;
  }

  @Override
  default boolean changes(int positions, int otherPositions) {
    return false;
  }

  record Default(float[] base) implements RopeSettings {
    @Override
    public float[] inverse(int positions) {
      return base;
    }
  }

  record Linear(float[] base, double factor) implements RopeSettings {
    @Override
    public float[] inverse(int positions) {
      float[] scaled = base.clone();
      for (int i = 0; i < scaled.length; i++) {
        scaled[i] /= (float) factor;
      }
      return scaled;
    }
  }

  /// A larger theta once the sequence is longer than the model was trained for. Queries and keys
  /// are rotated by the length at their time: a cache keeps keys of shorter sequences as they were.
  record Dynamic(double theta, int headDim, double factor, int trainedPositions)
      implements RopeSettings {
    @Override
    public float[] inverse(int positions) {
      int length = Math.max(positions, trainedPositions);
      float growth = (float) factor * length / trainedPositions - (float) (factor - 1);
      return base((float) theta * (float) Math.pow(growth, headDim / (headDim - 2.0)), headDim);
    }

    @Override
    public boolean changes(int positions, int otherPositions) {
      return Math.max(positions, trainedPositions) != Math.max(otherPositions, trainedPositions);
    }

    @Override
    public int longest(int maxPositions) {
      return (int) Math.min(Integer.MAX_VALUE, Math.ceil(maxPositions * Math.max(1, factor)));
    }
  }

  /// Long wavelengths are scaled, short ones kept, those between interpolated.
  record Llama3(float[] base, double factor, double low, double high, int trainedPositions)
      implements RopeSettings {
    static Llama3 read(float[] base, int trained, ConfigReader settings) {
      return new Llama3(
          base,
          settings.number("factor"),
          settings.number("low_freq_factor"),
          settings.number("high_freq_factor"),
          trained);
    }

    @Override
    public float[] inverse(int positions) {
      float[] scaled = new float[base.length];
      for (int i = 0; i < scaled.length; i++) {
        double wavelength = 2 * Math.PI / base[i];
        if (wavelength < trainedPositions / high) {
          scaled[i] = base[i];
        } else if (wavelength > trainedPositions / low) {
          scaled[i] = (float) (base[i] / factor);
        } else {
          double smooth = (trainedPositions / wavelength - low) / (high - low);
          scaled[i] = (float) ((1 - smooth) * base[i] / factor + smooth * base[i]);
        }
      }
      return scaled;
    }
  }

  /// A ramp over the dimensions between scaled and kept frequencies, and a factor on the rotation.
  record Yarn(float[] scaled, double attentionFactor) implements RopeSettings {
    static Yarn read(
        double theta, int headDim, int maxPositions, int trained, ConfigReader settings) {
      double factor = settings.optionalNumber("factor").orElse((double) maxPositions / trained);
      Optional<Double> mscale = settings.optionalNumber("mscale");
      Optional<Double> mscaleAll = settings.optionalNumber("mscale_all_dim");
      double attention =
          settings
              .optionalNumber("attention_factor")
              .orElse(
                  mscale.orElse(0.0) != 0 && mscaleAll.orElse(0.0) != 0
                      ? magnitude(factor, mscale.orElseThrow())
                          / magnitude(factor, mscaleAll.orElseThrow())
                      : magnitude(factor, 1));
      double low =
          correction(orIfZero(settings.number("beta_fast", 32), 32), headDim, theta, trained);
      double high =
          correction(orIfZero(settings.number("beta_slow", 1), 1), headDim, theta, trained);
      if (settings.flag("truncate", true)) {
        low = Math.floor(low);
        high = Math.ceil(high);
      }
      return new Yarn(
          ramp(theta, headDim, factor, Math.max(low, 0), Math.min(high, headDim - 1)), attention);
    }

    private static double orIfZero(double value, double otherwise) {
      return value == 0 ? otherwise : value;
    }

    private static double magnitude(double scale, double mscale) {
      return scale <= 1 ? 1 : 0.1 * mscale * Math.log(scale) + 1;
    }

    private static double correction(double rotations, int dim, double theta, int positions) {
      return dim * Math.log(positions / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
    }

    private static float[] ramp(double theta, int dim, double factor, double low, double high) {
      float[] base = base(theta, dim);
      double end = low == high ? high + 0.001 : high;
      float[] result = new float[base.length];
      for (int i = 0; i < result.length; i++) {
        double kept = 1 - Math.clamp((i - low) / (end - low), 0.0, 1.0);
        result[i] = (float) (base[i] / factor * (1 - kept) + base[i] * kept);
      }
      return result;
    }

    @Override
    public float[] inverse(int positions) {
      return scaled;
    }
  }
}
