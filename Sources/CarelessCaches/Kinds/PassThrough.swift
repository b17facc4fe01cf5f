extension CarelessKind {
  /// The control: what is right without it must be right with it.
  static let passThrough = CarelessKind(
    "none",
    does: "stores nothing and passes on everything: the control, which must change no outcome",
    imitates: "An honest pass-through proxy.",
    countered: "Nothing is to be countered. A journey that fails with this kind is itself wrong.",
    checks: []
  ) { _ in }
}
