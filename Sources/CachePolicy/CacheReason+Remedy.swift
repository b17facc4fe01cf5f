extension CacheReason {
  /// What an operator, or whoever writes the service, would change to get the other outcome; nil
  /// where nothing should be changed or nothing can be.
  package var remedy: String? { keptOutRemedy ?? notStoredRemedy ?? notReusedRemedy }

  /// For requests that pass the store by.
  private var keptOutRemedy: String? {
    switch self {
    case .decision:
      "Nothing does: no rule makes a decision storable. If it is none, route and kind are wrong."
    case .cacheDisabled: "Give the route a 'cache' that is not 'off'."
    case .methodNotCacheable: "Ask by GET; an answer to POST is stored with 'store_post'."
    case .requestContent: "Send no content with GET."
    case .requestAuthorization:
      "Set 'share_with_authorized', and have the service say public or s-maxage."
    case .requestCredential:
      "Name the field in 'key.fields', or set 'share_with_authorized' if it changes no answer."
    case .requestCookie: "Name the cookie in 'ignore_cookies', if the answer does not depend on it."
    case .requestPrecondition: "Ask without If-Match and If-Unmodified-Since."
    case .methodOverride: "Have the client ask by the method it means."
    case .bypassRule: "Take the field or cookie out of 'bypass'."
    default: nil
    }
  }

  /// For responses that are not stored.
  private var notStoredRemedy: String? {
    switch self {
    case .requestNoStore: "Ask without no-store."
    case .responseNoStore:
      "Have the service leave no-store out, or say otherwise in CDN-Cache-Control."
    case .responsePrivate: "Have the service leave private out, if the response is for everybody."
    case .statusNotUnderstood: "Have the service leave must-understand out."
    case .statusNotStorable: "Ask for the whole, or set 'store_parts'."
    case .authorizationNotShared: "Have the service say public, must-revalidate or s-maxage."
    case .setCookie:
      "Have the service set no cookie here, or say no-cache=\"set-cookie\"; or set "
        + "'store_set_cookie'."
    case .varyAny: "Have the service name the fields it looks at instead of *."
    case .varyTooLarge: "Have the service name fewer fields, or bring them together by 'vary'."
    case .noFreshness:
      "Have the service say max-age or send a validator, or set 'default_ttl' or a row of "
        + "'statuses'."
    case .uselessWhenStale: "Have the service say a longer max-age, or send an ETag."
    case .contentUnseen: "Have the service send it without a content coding, as an asset's type."
    case .personalPage: "Have the service put nothing of one user on this page."
    case .unexpectedPage: "Declare 'cache' for the route, if it serves pages for everybody."
    case .postNotForTarget:
      "Have the service say max-age, and the target of the request in Content-Location."
    case .partContradiction: "Have the service send the range it announces."
    case .errorOfRequest: "Ask without what the service finds fault with."
    case .ambiguousPath:
      "Ask for the path as every program reads it: nothing encoded that need not be, no '//', "
        + "no '..', no ';'."
    case .otherSpelling: "Ask for the path with nothing encoded that need not be."
    case .staticNameMismatch:
      "Have the service answer such names with static content only, or with 404."
    case .suffixMismatch: "Have the service answer with the type that the path's suffix promises."
    case .multipartPart: "Ask for one range at a time."
    case .objectTooLarge: "Raise 'max_object' of the section cache."
    case .storeFull: "Raise 'memory' of the section cache."
    case .incomplete: "Have the service send all that it announces."
    default: nil
    }
  }

  /// For stored responses that are not used, or not as they are.
  private var notReusedRemedy: String? {
    switch self {
    case .nothingStored: "Ask twice, or see why the answer is not stored."
    case .noMatchingVariant:
      "Send the same fields that Vary names, or bring them together by 'vary'."
    case .requestNoCache: "Ask without no-cache, or set 'request_directives: false'."
    case .requestPragma: "Ask without Pragma, or set 'request_directives: false'."
    case .requestMaxAge: "Ask without max-age, or set 'request_directives: false'."
    case .requestMinFresh: "Ask without min-fresh, or set 'request_directives: false'."
    case .responseNoCache: "Have the service leave no-cache out."
    case .stale:
      "Have the service say a longer max-age or stale-while-revalidate, or set "
        + "'stale_while_revalidate'."
    case .mustRevalidate: "Have the service say a longer max-age, or leave must-revalidate out."
    case .onlyIfCached: "Ask without only-if-cached."
    case .staleTooLong: "Have the service say a longer stale-if-error, or set 'stale_if_error'."
    case .partMissing: "Ask for the whole once."
    case .partWithoutValidator: "Have the service send a strong ETag."
    default: nil
    }
  }
}
