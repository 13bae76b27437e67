import java.io.FileInputStream;
import java.io.InputStream;
import java.security.cert.CertPath;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateRevokedException;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Date;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Validates certificates with revocation checking, from lists that stand in a CertStore.
 *
 * <p>Arguments: "at" and a time in seconds since 1970, and files in DER, each behind a word that says
 * what it is: anchor, list or certificate. A certificate is judged with what stands before it; the
 * word "again" empties the stores of lists. Prints a line for each certificate: valid, revoked and the
 * reason, or undetermined and why, between tabs.
 */
public final class Judge {
    private static final CertificateFactory FACTORY = factory();

    public static void main(String[] arguments) throws Exception {
        Date at = new Date();
        Set<TrustAnchor> anchors = new LinkedHashSet<>();
        List<Object> lists = new ArrayList<>();
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "at" -> at = new Date(Long.parseLong(arguments[++i]) * 1000);
                case "again" -> lists.clear();
                case "anchor" -> anchors.add(new TrustAnchor(certificate(arguments[++i]), null));
                case "list" -> {
                    try (InputStream file = new FileInputStream(arguments[++i])) {
                        lists.add(FACTORY.generateCRL(file));
                    }
                }
                case "certificate" -> {
                    X509Certificate certificate = certificate(arguments[++i]);
                    System.out.println(judge(certificate, anchors, lists, at));
                }
                default -> throw new IllegalArgumentException(arguments[i]);
            }
        }
    }

    private static String judge(
            X509Certificate certificate, Set<TrustAnchor> anchors, List<Object> lists, Date at)
            throws Exception {
        X509CertSelector target = new X509CertSelector();
        target.setCertificate(certificate);
        PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, target);
        parameters.setDate(at);
        // The published profile has a qualifier in its critical policy: the statement's address.
        parameters.setPolicyQualifiersRejected(false);
        CollectionCertStoreParameters own = new CollectionCertStoreParameters(List.of(certificate));
        parameters.addCertStore(CertStore.getInstance("Collection", own));
        // A list keeps its place: stores are asked in their order, each with its one list.
        for (Object list : lists) {
            CollectionCertStoreParameters one = new CollectionCertStoreParameters(List.of(list));
            parameters.addCertStore(CertStore.getInstance("Collection", one));
        }
        parameters.setRevocationEnabled(false);
        CertPath path;
        try {
            path = CertPathBuilder.getInstance("PKIX").build(parameters).getCertPath();
        } catch (CertPathBuilderException error) {
            return "invalid\t" + error.getMessage();
        }
        // Validated apart, since a builder goes on to other paths and forgets why the first failed.
        CertPathValidator validator = CertPathValidator.getInstance("PKIX");
        PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
        // Lists alone: nobody is asked over the network.
        checker.setOptions(
                EnumSet.of(
                        PKIXRevocationChecker.Option.PREFER_CRLS,
                        PKIXRevocationChecker.Option.NO_FALLBACK));
        parameters.addCertPathChecker(checker);
        try {
            validator.validate(path, parameters);
            return "valid";
        } catch (CertPathValidatorException error) {
            if (error.getCause() instanceof CertificateRevokedException revoked) {
                return "revoked\t" + revoked.getRevocationReason();
            }
            if (error.getReason() == BasicReason.UNDETERMINED_REVOCATION_STATUS) {
                return "undetermined\t" + error.getMessage();
            }
            return "invalid\t" + error.getMessage();
        }
    }

    private static X509Certificate certificate(String path) throws Exception {
        try (InputStream file = new FileInputStream(path)) {
            return (X509Certificate) FACTORY.generateCertificate(file);
        }
    }

    private static CertificateFactory factory() {
        try {
            return CertificateFactory.getInstance("X.509");
        } catch (java.security.cert.CertificateException error) {
            throw new IllegalStateException(error);
        }
    }
}
