package dev.burnish.store;

/// Published weights that are not there, not whole, or not those of the model that wants them.
public final class WeightsException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public WeightsException(String message) {
    super(message);
  }
}
