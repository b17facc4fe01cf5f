/// Why the cache did what it did with one exchange: the same code in `Cache-Status`, log and
/// metrics.
///
/// Every decision of this target carries one. The codes are stable; meanings and RFC sections are a
/// table (`CacheReason+Table.swift`) that documentation and `explain` read.
package enum CacheReason: UInt8, CaseIterable, Hashable, Sendable {
  // Why an exchange stays out of the cache altogether.
  case decision, cacheDisabled, methodNotCacheable, requestContent, requestAuthorization
  case requestCredential
  case requestCookie, requestPrecondition, bypassRule, methodOverride

  // Why a response is not stored.
  case requestNoStore, responseNoStore, responsePrivate, statusNotFinal, statusNotUnderstood
  case statusNotStorable, authorizationNotShared, setCookie, varyAny, varyTooLarge
  case noFreshness, uselessWhenStale, postNotForTarget, partContradiction, multipartPart
  case errorOfRequest
  // Kinds of content that an auth service may write for one user only.
  case contentUnseen, personalPage, unexpectedPage

  // What somebody may have made to be stored in place of something else.
  case ambiguousPath, otherSpelling, suffixMismatch, staticNameMismatch

  // What became of a response that was being stored.
  case stored, objectTooLarge, incomplete, storeCancelled, storeFull, invalidated, incompleteKept

  // Why nothing stored could be used.
  case nothingStored, noMatchingVariant

  // Why a stored response is validated first.
  case requestNoCache, requestPragma, requestMaxAge, requestMinFresh, responseNoCache
  case stale, mustRevalidate

  // Why a stored response is used.
  case fresh, fromDisk, maxStale, staleWhileRevalidate, staleIfError, disconnected, validated,
    notModified

  // Why neither store nor origin may answer, or a stale response may not.
  case onlyIfCached, staleTooLong, errorNotCovered

  // What a 304 did to a stored response.
  case validatorMismatch, notAValidation

  // What a range got, or why not.
  case rangeAnswered, rangeIgnored, ifRangeFailed, rangeNotSatisfiable

  // What became of a stored part.
  case partMissing, partWithoutValidator, partCombined, partMismatch, partNotAdjacent

  // What the answer to a HEAD did to a stored response.
  case headFreshened, headContradiction, headSaysNothing

  // Why something stored was removed.
  case unsafeMethod, groupInvalidated
}

/// One row of the table of reasons.
package struct CacheReasonRow: Sendable {
  /// The stable kebab-case code: a token of RFC 9651, fit for `detail` (RFC 9211 §2.7).
  package let code: StaticString
  /// Where the rule comes from.
  package let section: StaticString
  /// One sentence for operators.
  package let meaning: StaticString
}

extension CacheReason {
  /// The stable kebab-case code.
  package var code: StaticString { row.code }
}
