internal import CArgon2

/// Argon2id version 1.3 (RFC 9106) by libargon2. Blocks its thread for as long as the parameters ask.
enum Argon2id {
    struct Failure: Error, Equatable {
        let code: Int32
    }

    struct Input {
        var password: [UInt8]
        var salt: [UInt8]
        /// RFC 9106's K, a pepper kept outside the database.
        var secret: [UInt8] = []
        /// RFC 9106's X.
        var associatedData: [UInt8] = []
    }

    /// - Returns: `length` bytes.
    static func hash(_ input: Input, _ parameters: PasswordHashParameters, length: Int) throws(Failure) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: length)
        var input = input
        let code = run(&input, parameters, into: &output)
        guard code == ARGON2_OK.rawValue else { throw Failure(code: code) }
        return output
    }

    private static func run(_ input: inout Input, _ parameters: PasswordHashParameters, into output: inout [UInt8]) -> Int32 {
        output.withUnsafeMutableBufferPointer { out in
            input.password.withUnsafeMutableBufferPointer { password in
                input.salt.withUnsafeMutableBufferPointer { salt in
                    input.secret.withUnsafeMutableBufferPointer { secret in
                        input.associatedData.withUnsafeMutableBufferPointer { data in
                            var context = argon2_context()
                            (context.out, context.outlen) = (out.baseAddress, UInt32(clamping: out.count))
                            (context.pwd, context.pwdlen) = (password.baseAddress, UInt32(clamping: password.count))
                            (context.salt, context.saltlen) = (salt.baseAddress, UInt32(clamping: salt.count))
                            (context.secret, context.secretlen) = (secret.baseAddress, UInt32(clamping: secret.count))
                            (context.ad, context.adlen) = (data.baseAddress, UInt32(clamping: data.count))
                            context.t_cost = parameters.passes
                            context.m_cost = parameters.memoryKiB
                            context.lanes = parameters.lanes
                            context.threads = 1
                            context.version = ARGON2_VERSION_13.rawValue
                            context.flags = 1  // ARGON2_FLAG_CLEAR_PASSWORD: a macro with a cast, which Swift does not import.
                            return argon2id_ctx(&context)
                        }
                    }
                }
            }
        }
    }
}
