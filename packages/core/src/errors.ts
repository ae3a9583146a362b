/** Machine-readable reason of a {@link LossesError}; stable across releases. */
export type ErrorCode =
  | "SHAPE_MISMATCH"
  | "DTYPE_MISMATCH"
  | "INVALID_OPTION"
  | "UNKNOWN_OPTION"
  | "MISSING_INPUT"
  | "UNKNOWN_INPUT"
  | "INVALID_INPUT"
  | "TARGET_OUT_OF_RANGE"
  | "UNKNOWN_LOSS"
  | "UNSUPPORTED_OP"
  | "BACKEND_UNAVAILABLE"
  | "BACKEND_DISPOSED"
  | "BACKEND_FAILED"
  | "INVALID_GRAPH"
  | "INVALID_DEFINITION"
  | "FILE_UNREADABLE"
  | "FILE_MALFORMED"
  | "FILE_UNSUPPORTED"
  | "FILE_TOO_LARGE";

/**
 * Base class of every error this library throws on purpose.
 *
 * Messages read `<loss or op>: <what was expected>, got <what came>.` followed by the cure when there is one.
 */
export class LossesError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A tensor has the wrong rank or sizes, or two tensors do not fit together. */
export class ShapeError extends LossesError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super("SHAPE_MISMATCH", message, options);
  }
}

/** A tensor has a dtype that the loss, op or backend does not take. */
export class DTypeError extends LossesError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super("DTYPE_MISMATCH", message, options);
  }
}

/** An option is unknown, of the wrong type, or outside its domain. */
export class OptionError extends LossesError {
  constructor(
    message: string,
    code: "INVALID_OPTION" | "UNKNOWN_OPTION" = "INVALID_OPTION",
    options?: { readonly cause?: unknown },
  ) {
    super(code, message, options);
  }
}

/** An input is missing, unknown, or holds a value outside its domain (a class index out of range). */
export class InputError extends LossesError {
  constructor(
    message: string,
    code: "MISSING_INPUT" | "UNKNOWN_INPUT" | "INVALID_INPUT" | "TARGET_OUT_OF_RANGE",
    options?: { readonly cause?: unknown },
  ) {
    super(code, message, options);
  }
}

/** A backend cannot run an op (or this op with this dtype), or an op has no derivative. */
export class UnsupportedOpError extends LossesError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super("UNSUPPORTED_OP", message, options);
  }
}

/** The requested backend or device does not work here; `reasons` lists everything that was tried. */
export class BackendUnavailableError extends LossesError {
  readonly reasons: readonly string[];

  constructor(message: string, reasons: readonly string[] = [], options?: { readonly cause?: unknown }) {
    super("BACKEND_UNAVAILABLE", message, options);
    this.reasons = reasons;
  }
}
