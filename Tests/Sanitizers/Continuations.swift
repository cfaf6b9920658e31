// The checked continuations, as the Swift library defines them: its own definitions, which unoptimized code calls, call the runtime from within
// its library, where SwiftRuntime.c cannot take a function's place.

@_silgen_name("$ss23withCheckedContinuation9isolation8function_xScA_pSgYi_SSyScCyxs5NeverOGXEtYalF")
public func checkedContinuation<T>(
    isolation: isolated (any Actor)?, function: String, _ body: (CheckedContinuation<T, Never>) -> Void
) async -> sending T {
    await withUnsafeContinuation { body(CheckedContinuation(continuation: $0, function: function)) }
}

@_silgen_name("$ss31withCheckedThrowingContinuation9isolation8function_xScA_pSgYi_SSyScCyxs5Error_pGXEtYaKlF")
public func checkedThrowingContinuation<T>(
    isolation: isolated (any Actor)?, function: String, _ body: (CheckedContinuation<T, any Error>) -> Void
) async throws -> sending T {
    try await withUnsafeThrowingContinuation { body(CheckedContinuation(continuation: $0, function: function)) }
}
