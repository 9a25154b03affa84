package dev.burnish.wire;

/// The form of a value that stays where it is: the record that names it.
record HandleForm<H, R extends Record>(Handle<H, R> handle, Form<R> form) implements Form<H> {
  @Override
  public void write(H value, Encoding out) {
    form.write(handle.export(value, out.session()), out);
  }

  @Override
  public H read(Decoding in) {
    return handle.restore(form.read(in), in.session());
  }
}
