package dev.burnish.store.tensors;

/// Something that the store does not have, has only in part, or has in another form than it is
/// asked for. The message names what there is.
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public StoreException(String message) {
    super(message);
  }

  public StoreException(String message, Throwable cause) {
    super(message, cause);
  }
}
