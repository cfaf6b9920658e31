import Crypto
import FoundationEssentials
import Testing

@testable import Exchange

/// The vectors are Binance's own: rest-api.md ("SIGNED endpoint examples") and fix-api.md (logon example).
@Suite("Request signatures")
struct RequestSignerTests {
    private let secret = SymmetricKey(data: Data("NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j".utf8))
    private let order = "side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"

    @Test("HMAC over ASCII parameters equals the documented signature")
    func hmacOfPlainParameters() {
        let signature = HMACRequestSigner(secret).signature(of: Array("symbol=LTCBTC&\(order)".utf8))
        #expect(signature == "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71")
    }

    @Test("Non-ASCII parameters are percent-encoded before they are signed")
    func hmacOfEncodedParameters() {
        var parameters = RequestParameters()
        parameters.append("symbol", "１２３４５６")
        let signature = HMACRequestSigner(secret).signature(of: Array("\(parameters.query)&\(order)".utf8))
        #expect(signature == "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3")
    }

    @Test("Ed25519 equals the documented signature and verifies")
    func ed25519() throws {
        let pkcs8 = try #require(Data(base64Encoded: "MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u"))
        let key = try Curve25519.Signing.PrivateKey(rawRepresentation: pkcs8.suffix(32))
        let payload = Array("A\u{1}EXAMPLE\u{1}SPOT\u{1}1\u{1}20240627-11:17:25.223".utf8)
        let signature = try Ed25519RequestSigner(key).signature(of: payload)
        let decoded = try #require(Data(base64Encoded: signature))
        #expect(decoded.count == 64)
        #expect(key.publicKey.isValidSignature(decoded, for: payload))
        #expect(signature == "4MHXelVVcpkdwuLbl6n73HQUXUf1dse2PCgT1DYqW9w8AVZ1RACFGM+5UdlGPrQHrgtS3CvsRURC1oj73j8gCA==")
    }

    @Test("A credential shows neither its key nor what signs for it, however it is printed")
    func credentialIsNotPrintable() {
        let credential = ExchangeCredential(
            apiKey: "api-key-marker", signer: HMACRequestSigner(SymmetricKey(data: Data("secret-marker".utf8))))
        var dumped = ""
        dump(credential, to: &dumped)
        dump(credential.signer, to: &dumped)
        for text in ["\(credential)", String(reflecting: credential), "\(credential.signer)", dumped] {
            #expect(!text.contains("marker"))
        }
    }

    @Test("A public key is written as SubjectPublicKeyInfo")
    func publicKeyPEM() throws {
        // RFC 8410 section 10.1.
        let raw = Data([
            0x19, 0xbf, 0x44, 0x09, 0x69, 0x84, 0xcd, 0xfe, 0x85, 0x41, 0xba, 0xc1, 0x67, 0xdc, 0x3b, 0x96,
            0xc8, 0x50, 0x86, 0xaa, 0x30, 0xb6, 0xb6, 0xcb, 0x0c, 0x5c, 0x38, 0xad, 0x70, 0x31, 0x66, 0xe1,
        ])
        let pem = PublicKeyPEM.encode(try Curve25519.Signing.PublicKey(rawRepresentation: raw))
        #expect(pem.contains("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="))
    }
}
