/// Keys that tests load, in the forms in which operators have them. None is used for anything else.
package enum TestKeys {
  /// RSA, 2048 bits, PKCS #8.
  package static let rsa2048 = Array(
    """
    -----BEGIN PRIVATE KEY-----
    MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDsCdq0a1wde/0F
    LwWxlGUFt6CQyZ9ZmZsoLTvAOPhuBAwPElgC5/eELkB1gn5QzJYHGFVw5YU/IHg7
    U7mKXGp1Ad+TWpl7ZvQ0NZoe5QomHF8X33g+84xq2RbOVylYeP1ENBdVNtJGe7tI
    49F/gfPTeyv+xdUHaTRRliZrjAZYNBB6PTw3pIBf8bDBkHnh1pAs7qRDPOp+s3j5
    uSY34vPI1myPHqbYy78qzwCCBTNvrRPwHo9dWbjpQFXUY4RD8fHk5LGJ30/DY0yI
    r/vc4SSrJqxTg/PPS/VFFFSka+3hyf/eIcQMcSKWj8FqSavdRk9jn0x7L7KhLIQN
    vMudD6a7AgMBAAECggEAb9bBemAuPsgrXGPp2jjaXwmhOklWSCGYm0JHf+5eg95G
    CnQiIIphxI8XurYQfN9bLNRyU3JlHsKXRWEH1k+wn206TrsMYySmjABj3MSgeOtT
    gV/AvW8vtsbS4AT7kbCOLF1UOuulWYEx/bj4YGamLau8blS1efP2truiy62Gqg5k
    OUuJB1QfUpf2uJqav7sSI3tiuZr177K8uH6URAk2/QbJt9s3nrSk2FYomGDQAraY
    EBk7BNoxJicF1rr2+Fonuo/EiH0fLjLU55N44n1a1/VVZA2SRm+QwBP1k93NFAoG
    P6Qo3BqE1W3mEcsOATK07UNeHDYiL+7AJ1hGuG372QKBgQD9zLP1zfC1uLGijO9I
    i8uZx0o9FiUOxInU2NzRETMBXHTa26M2d9cAn96E/QMzD1X2xsOiQpYfu0hSSIWA
    M6islb32Ano+Pnf2MRpPbF/TuRiXEwxABm7w2Ul8rNJ1GD55FKw+rbXc323s6Iuu
    fKXQs327bwdogf7TOI1U3h7hWQKBgQDuFbs3FHpHjccXX1ofHBi03DAlqQu+RhnK
    4clkzkPsnhYv6qb57ZgYvukBcuaBEhg60GHlRq28KA1f2GHkGT8b9YeZlwUs/oHg
    u4ZaLQ7jsS00q8kW6FQKO2KoUVVcCH31XivLQM1ktJMWbNFNoKlINQT+Wvs6ZUdS
    KjlRswSSMwKBgAcPTaY1v09evto1r2ZGNTim2YLPfeJmRys7iRDruI5+IuX/nA+k
    z789szPh0df2wj5mEwUNcx2Y2Q8o40XIqhV66NjSAtJ+bFnVzdSNwDCkgnGZXwrc
    4vMiKDAmoogNT5eQoqXvsRJeyLEBWvlUkEw44fN3yC35B7yaYxwMPbGpAoGBAKyG
    3OK+GRou+D3MoB75GkI9aTpxNIxOejRVx74f5oLZ0BQrA5MLBHOyLGEbZUPU2/AK
    v1YJEK7Pi1mQEOfdD6lwFDJNiLehOnajDWndSvPemXaYoaDS/MtpW0XDooqNsNEU
    y8F/FRfL7uaKNmX9bY5gtVyoi3M2nydAZ8b3ZfGXAoGANHaqmelAB8CTSOzaxxLE
    qycb0i3q6Pt+28emjCHVgOMnPmpvgxV2WYO1tIkIWtELt3ywWikyf6/7eM9hmMWs
    18E0o8LMCdViwKX4+EkXxHk0MxE18nqIlhH13d4n+7cY7aGlTLn5886kfTdgqrrc
    l0MTksao1nx3GMHrxrbnGvw=
    -----END PRIVATE KEY-----

    """.utf8)

  /// Its public half, SubjectPublicKeyInfo.
  package static let rsa2048Public = Array(
    """
    -----BEGIN PUBLIC KEY-----
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA7AnatGtcHXv9BS8FsZRl
    BbegkMmfWZmbKC07wDj4bgQMDxJYAuf3hC5AdYJ+UMyWBxhVcOWFPyB4O1O5ilxq
    dQHfk1qZe2b0NDWaHuUKJhxfF994PvOMatkWzlcpWHj9RDQXVTbSRnu7SOPRf4Hz
    03sr/sXVB2k0UZYma4wGWDQQej08N6SAX/GwwZB54daQLO6kQzzqfrN4+bkmN+Lz
    yNZsjx6m2Mu/Ks8AggUzb60T8B6PXVm46UBV1GOEQ/Hx5OSxid9Pw2NMiK/73OEk
    qyasU4Pzz0v1RRRUpGvt4cn/3iHEDHEilo/Bakmr3UZPY59Mey+yoSyEDbzLnQ+m
    uwIDAQAB
    -----END PUBLIC KEY-----

    """.utf8)

  /// The same in PKCS #1.
  package static let rsa2048PKCS1Public = Array(
    """
    -----BEGIN RSA PUBLIC KEY-----
    MIIBCgKCAQEA7AnatGtcHXv9BS8FsZRlBbegkMmfWZmbKC07wDj4bgQMDxJYAuf3
    hC5AdYJ+UMyWBxhVcOWFPyB4O1O5ilxqdQHfk1qZe2b0NDWaHuUKJhxfF994PvOM
    atkWzlcpWHj9RDQXVTbSRnu7SOPRf4Hz03sr/sXVB2k0UZYma4wGWDQQej08N6SA
    X/GwwZB54daQLO6kQzzqfrN4+bkmN+LzyNZsjx6m2Mu/Ks8AggUzb60T8B6PXVm4
    6UBV1GOEQ/Hx5OSxid9Pw2NMiK/73OEkqyasU4Pzz0v1RRRUpGvt4cn/3iHEDHEi
    lo/Bakmr3UZPY59Mey+yoSyEDbzLnQ+muwIDAQAB
    -----END RSA PUBLIC KEY-----

    """.utf8)

  /// RSA, 1024 bits.
  package static let rsa1024 = Array(
    """
    -----BEGIN PRIVATE KEY-----
    MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAKEZbH2tr/gFPpJe
    CfjAgiDq63+NCvzzgRE+fMtqrv1KzsQ3i6ZPTNChWOooCsHEgj8zUGxkniiLbrlX
    1mbnUflZhRdG+tQxe0WpLXva/EQ+4KFeC3Rveo2RKibkr7bSMXkbJUqGGV/EVeKH
    xyjlvkcBOEwh70Aih4TkmxxQlaxjAgMBAAECgYBsHTHQDlY/7tUVSYMLq7Yo/T9a
    dH9hTtHZjsQVh900I5Yr3NMdo657fSy8yG6fp495dqiMdeImd5yxSh+bI7bAvhGx
    IP/ZVo+cyMvJQQz+1WUG3Vqg6g/G6vocdWmZXcFuHDBywgdsSknH8dnYXsBCeFzg
    42pXFBOPFj7FemjHUQJBAM7HJxZuFcPMCLmVKdz7SBX7KDPlvKYjCfTT9HCV3LtL
    bARK8B733B+qZKJ5Cgn3QwyAkqLQJGLMcUB91N3tiIUCQQDHcqjlNuB/6LPTCTcz
    e1J/7R649q+rKf3Zii2RKCp8oDSFHUu1f3fIWXqLk5rqHZhUgTC2LUjPL7zAuqU7
    ymnHAkEAszO7d1/ucuK3yQYx4rbPcWVaISgAB0ekkE7EsHHge11Q/qNnWJ9cYQEN
    +BTIE3z72bDv5DRY5Frj541l1vPN9QJAD9o8NGPFOkVrrZVo7s2ZhBN7wqXQ1qDy
    zUyfTI9NuTQemIn4j4d/JMx/4gIsaPlLN0RBc+lrhRQ9Q3BSW8s91wJATFYJIMq5
    F5G8JBqAoDtjsN5x9H4SazHtdCtMjfTW7sF43U5LvdwWnKh2taV9KqlQlze2+HuY
    365YYSIHIbJPRg==
    -----END PRIVATE KEY-----

    """.utf8)

  /// RSA, 2048 bits, bound to PSS by its identifier.
  package static let rsaPSS = Array(
    """
    -----BEGIN PRIVATE KEY-----
    MIIEvAIBADALBgkqhkiG9w0BAQoEggSoMIIEpAIBAAKCAQEAp02GEFf7vfurtB0T
    t5vxldL/ryHZ0PEXUfnxDAeKHFo9FvXcAnF4B5KdvELuwiDYodvvBMBU1SkOHZJ/
    sQSo2noKC50S5iNHMqkNSzCuLnP9lKtrRbaJPE/+BfazymAarmZ/DA9sdlDjQKiF
    RFibYLINEYwhnOgLQIYeiKJsBZ+wxKlPsjRCZixE88jZpC5ntIn/ht47SlNEPxvO
    deBOl/txz/Lb0jkAGYLqaNh8ARbGVrliLnfZ7qeJllIPdTpD3UP3hzLFZ+q7pkov
    PWGZ1/XIA8Sm8dqU1xy4lgCa/AkW1EnE+6cqNm+yUiYc2kwIKeIxb67oXg9ZOWVp
    xwEE3wIDAQABAoIBABi7RQ41c2lqQr+lbLy/uL7FKjbhcimI+kGMCS4WDzyRumYi
    ght6WpwD+H1UB6d644tJz9OL+v5ny0Zj2ax5W9ywHbwJxDlxDZ1XkDeFQrprOxk3
    Hex4R2E7EfoftgQ8oLUXQcCupwH2gyGTx9+Kma15pKTraiyfwMoRCYJ5QC60ZzvJ
    PfCu0IIqkhoYtQ1bg8/xfSNSlXRA9TXVPO38e4JBUJp2ODdbV94C5tLAhlfXHvS3
    6CS5Mph08HuuCtcTFv6Hn+tfuxKXAZctVmoYOidWioWvV3et7L5/P56nX1agDW37
    iT3YYfX70PpDAG1hdbgk5ZXVp/hdBAoy82590oECgYEA3poAUDg70ZDczX2eHUmD
    ZtV12dCvMg4AWmrnj9FqKEyZWY7WTzAoGiPGejDyv97DfGnw0M/PnVpjI7SMtvea
    JccmwBVEefesWDnBsqQLHhdp+qoxEAbJEA4S9JbAh30PwEpXA37AadGV75xiXkab
    gUPTwKm2h8MEHAmJwvLBHEcCgYEAwGeHjUWhUHa8OPoA5uVUFsPhRzJHv7NhrCIk
    84MGEgiqhyMf3GSq0JK61LF3kaJJYo6H9reeh8rRy/g3v/B3ysD1TcYTVHeWbgqv
    cneM6UQ6J4EO6IrzznIMkEK2TKAt3k6FRf8T/sx+QPbE8RcgsjE+fMAtSMUw9mPj
    UxQO1qkCgYEAgE1nTNV8tQe4HMEAt4S9tjHm4YrE0Cb90R+5JE3h0CSGZvZLVA0/
    sAFazucTo7+0ESvG37RHyDxm1Bem23bPZGLrVN9tPpegwKFZoauntMpuDUq3SLOA
    hD54cn3Jrs5Im969VIhkQxnIP/l1QT2VN+ZuUKgBSzL+VWKyAqmE4NUCgYEAuITR
    L7++Q8+LFU1Vfhoiua5jJwdmXcdnfVBFha97K+JZwD4EOTXlxx9gw8fqdqVfoYA1
    jntsMqhk6SsENDQmfjDtUAgM063Ye3IN7kYOwkrnRqlzpbpUtQEVYWhJMlVPh+pf
    z9Af2fU9g4nlN51JgvrNBZC8HRTXrwP+p9cNn/kCgYAl1zUMAS22RItJpJZbbL5Q
    kiVsgoXmR8x9h9Tiop1cpBuLhDUwRYFw1MGq7iXnjnM5OlYQZ93vzGi5AlK0w+f7
    8F+9VNk1mwERiXrJP3qSAfwmdsV+SjL4iLFe5A8ECM3ovD1li0E4rnZOe7zhLtrF
    FYdSyrF80tgvJVJ0CkLkYw==
    -----END PRIVATE KEY-----

    """.utf8)

  /// P-256 in SEC 1 form, after a block of parameters.
  package static let p256WithParameters = Array(
    """
    -----BEGIN EC PARAMETERS-----
    BggqhkjOPQMBBw==
    -----END EC PARAMETERS-----
    -----BEGIN EC PRIVATE KEY-----
    MHcCAQEEIOAPmoYeJGHwSecMTRG4Ai5+w+s7a8GVAMRN6qJLhgr3oAoGCCqGSM49
    AwEHoUQDQgAE1DZ9MdwqVIwnBTjICA4SeIETyhmezX0vGFGS/yzhWhUzoH2/lqTX
    lebF0pqJHjETsOci3UIfNOmB9+tftuj+RQ==
    -----END EC PRIVATE KEY-----

    """.utf8)

  /// P-256 by its numbers instead of its name.
  package static let p256Explicit = Array(
    """
    -----BEGIN EC PRIVATE KEY-----
    MIIBaAIBAQQg3YYYV1Yd+9h37Z6gjdJO1U6iUzWHXbXwk9vAV1qxShKggfowgfcC
    AQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAAAAAAAAAAAAAA////////////////
    MFsEIP////8AAAABAAAAAAAAAAAAAAAA///////////////8BCBaxjXYqjqT57Pr
    vVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSdNgiG5wSTamZ44ROdJreBn36QBEEE
    axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54W
    K84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA//////////+85vqtpxeehPO5ysL8
    YyVRAgEBoUQDQgAEdqJ8LE4UZVgI0w3SenlTlbCmpQkNE92aAcz4PbThgSAM3SMj
    +EBpl4zirpX1LCwhzcYG2d5//I1xScnUnE36oA==
    -----END EC PRIVATE KEY-----

    """.utf8)

  /// P-384 in SEC 1 form.
  package static let p384 = Array(
    """
    -----BEGIN EC PRIVATE KEY-----
    MIGkAgEBBDAFO0Da90HSNZJEpiutDGyZZpMeawlNlMF7QngihPxC1HGDzkBX+gnR
    HAsV1mN2pEugBwYFK4EEACKhZANiAATvAbbkmKYeXzHyJipAsyeIvmEUBQV7uwIm
    RmS/jwCVU+YrV525sbH4IaXPKJZGiCBQYtzWNdxbuojinDYPMapHLfUU9jqJ3c72
    D6SQDkdEdSdpdG3UjlRjTeFV7d/NuiU=
    -----END EC PRIVATE KEY-----

    """.utf8)

  /// Its public half.
  package static let p384Public = Array(
    """
    -----BEGIN PUBLIC KEY-----
    MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE7wG25JimHl8x8iYqQLMniL5hFAUFe7sC
    JkZkv48AlVPmK1edubGx+CGlzyiWRoggUGLc1jXcW7qI4pw2DzGqRy31FPY6id3O
    9g+kkA5HRHUnaXRt1I5UY03hVe3fzbol
    -----END PUBLIC KEY-----

    """.utf8)

  /// P-521.
  package static let p521 = Array(
    """
    -----BEGIN EC PRIVATE KEY-----
    MIHcAgEBBEIByRhGoTPfGZcRurrZ35Gonpk6mv3Dsg9iUN1W8RFKohGI27GfanZJ
    9/3FvPcegzFJVT4MSHSyOq7b7QXXbsEZAvegBwYFK4EEACOhgYkDgYYABAGL1tAl
    6I1UpJruZtNjNjZdpzaWOsDpYmRGYdKornGApeVas63T5/0agehgIj4shGvmyIqM
    U8e/571PqSuSVJXi1ADP0uS32PzaQx7+avn/MovBy8dCedsPRReOgQWkh8jnYIUS
    YYuj2WUuSz5jN39BG7erbqj5wdhAmiDIYwcoxMENAQ==
    -----END EC PRIVATE KEY-----

    """.utf8)

  /// Ed25519, PKCS #8.
  package static let ed25519 = Array(
    """
    -----BEGIN PRIVATE KEY-----
    MC4CAQAwBQYDK2VwBCIEIIqG7rahBTG0BYtKRY5Km4HryaZA39QZMQ4A7S38vs0E
    -----END PRIVATE KEY-----

    """.utf8)

  /// Its public half.
  package static let ed25519Public = Array(
    """
    -----BEGIN PUBLIC KEY-----
    MCowBQYDK2VwAyEAxdaBCka7WJKpbMLLU7BZJiH7Te0JT5yUDNwFBx97PMo=
    -----END PUBLIC KEY-----

    """.utf8)

  /// A certificate of that key.
  package static let ed25519Certificate = Array(
    """
    -----BEGIN CERTIFICATE-----
    MIIBNDCB56ADAgECAhRj+L2H5LUW3ZPkveuBzXmjexR4kzAFBgMrZXAwDzENMAsG
    A1UEAwwEdGVzdDAgFw0yNjExMjMwMDI5NDNaGA8yMTI2MTAzMDAwMjk0M1owDzEN
    MAsGA1UEAwwEdGVzdDAqMAUGAytlcAMhAMXWgQpGu1iSqWzCy1OwWSYh+03tCU+c
    lAzcBQcfezzKo1MwUTAdBgNVHQ4EFgQUo93dPcKPaBVVQXtSHfCYMeDcV0swHwYD
    VR0jBBgwFoAUo93dPcKPaBVVQXtSHfCYMeDcV0swDwYDVR0TAQH/BAUwAwEB/zAF
    BgMrZXADQQCq4Oiw51pWg/S2449jT08RGD+tcYI57wlQGRTIyz3L0tm+vgQD9mwx
    5ieCWUbFNZDABAyQN6iRZ89uDJbQb7UP
    -----END CERTIFICATE-----

    """.utf8)

  /// Ed25519, encrypted with a password.
  package static let ed25519Encrypted = Array(
    """
    -----BEGIN ENCRYPTED PRIVATE KEY-----
    MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjcvv5fLfHUQgICCAAw
    DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEG3aughsMZcqIjWWqha2fbQEQBL8
    cqFruhLbCgxdnIuJ7ndDToe7i6XoiTb/wVzhMWUQnOmZRcLtFURUEL7VEIP+/es7
    jzeKQ0ZTsGw2tu/Liw0=
    -----END ENCRYPTED PRIVATE KEY-----

    """.utf8)

  /// Ed448.
  package static let ed448 = Array(
    """
    -----BEGIN PRIVATE KEY-----
    MEcCAQAwBQYDK2VxBDsEOZQO2r6R4waq/afefv2fO/MN59lLkPC2bMa0FFLPLbyq
    Kp+rDWXmsMVQhSyhBU4m5sffnZA3DRYpOA==
    -----END PRIVATE KEY-----

    """.utf8)
}
