package dev.burnish.sandbox;

/// How much one execution may take. Time that it waits before it starts does not count.
///
/// @param seconds from start to end
/// @param cpuSeconds processor time of all its processes together
/// @param megabytes MiB of memory of all its processes together, its files included, which are in
///   memory too
/// @param processes processes and threads at a time
/// @param outputBytes of standard output and standard error together
/// @param fileBytes of all its files together
/// @param openFiles descriptors per process
public record Limits(
    double seconds,
    double cpuSeconds,
    int megabytes,
    int processes,
    int outputBytes,
    long fileBytes,
    int openFiles) {
  /// The most memory that may be asked for, in MiB.
  private static final int MOST_MEGABYTES = 1 << 20;

  private static final int MOST_SECONDS = 86_400;

  public Limits {
    requireTime("seconds", seconds);
    requireTime("cpuSeconds", cpuSeconds);
    require("megabytes", megabytes, 16, MOST_MEGABYTES);
    require("processes", processes, 1, 10_000);
    require("outputBytes", outputBytes, 1, 1 << 30);
    require("fileBytes", fileBytes, 1 << 20, 1L << 40);
    require("openFiles", openFiles, 16, 65_536);
  }

  /// 10 s of time, 10 s of processors, 256 MiB, 64 processes, 1 MiB of output, 64 MiB of files, 256
  /// open files.
  public static Limits defaults() {
    return new Limits(10, 10, 256, 64, 1 << 20, 64L << 20, 256);
  }

  /// These with other limits on the time, of the clock and of the processors alike.
  public Limits withSeconds(double most) {
    return new Limits(most, most, megabytes, processes, outputBytes, fileBytes, openFiles);
  }

  /// These with another limit on processor time.
  public Limits withCpuSeconds(double most) {
    return new Limits(seconds, most, megabytes, processes, outputBytes, fileBytes, openFiles);
  }

  /// These with another limit on memory.
  public Limits withMegabytes(int most) {
    return new Limits(seconds, cpuSeconds, most, processes, outputBytes, fileBytes, openFiles);
  }

  /// These with another limit on processes.
  public Limits withProcesses(int most) {
    return new Limits(seconds, cpuSeconds, megabytes, most, outputBytes, fileBytes, openFiles);
  }

  /// These with another limit on output.
  public Limits withOutputBytes(int most) {
    return new Limits(seconds, cpuSeconds, megabytes, processes, most, fileBytes, openFiles);
  }

  /// These with another limit on files.
  public Limits withFileBytes(long most) {
    return new Limits(seconds, cpuSeconds, megabytes, processes, outputBytes, most, openFiles);
  }

  private static void requireTime(String name, double value) {
    if (!(value > 0 && value <= MOST_SECONDS)) {
      throw new IllegalArgumentException(
          "%s must be more than 0 and at most %d: %s=%s"
              .formatted(name, MOST_SECONDS, name, value));
    }
  }

  private static void require(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "%s must lie in [%d, %d]: %s=%d".formatted(name, least, most, name, value));
    }
  }
}
