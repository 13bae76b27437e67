import java.io.FileInputStream;
import java.io.InputStream;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;

/**
 * Validates a path that is given, with a policy that it must have; then looks for one by itself.
 *
 * <p>Arguments: a time in seconds since 1970, the policy, and files in DER: the anchor, then the path
 * from the holder's certificate on. Prints "valid", or "invalid" and why; then "found" or "not found".
 */
public final class Walk {
    public static void main(String[] arguments) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<Certificate> read = new ArrayList<>();
        for (int i = 2; i < arguments.length; i++) {
            try (InputStream file = new FileInputStream(arguments[i])) {
                read.add(factory.generateCertificate(file));
            }
        }
        TrustAnchor anchor = new TrustAnchor((X509Certificate) read.get(0), null);
        PKIXParameters parameters = new PKIXParameters(Set.of(anchor));
        parameters.setDate(new Date(Long.parseLong(arguments[0]) * 1000));
        parameters.setRevocationEnabled(false);
        parameters.setPolicyQualifiersRejected(false);
        parameters.setExplicitPolicyRequired(true);
        parameters.setInitialPolicies(Set.of(arguments[1]));
        try {
            CertPathValidator.getInstance("PKIX")
                    .validate(factory.generateCertPath(read.subList(1, read.size())), parameters);
            System.out.println("valid");
        } catch (CertPathValidatorException error) {
            System.out.println("invalid\t" + error.getMessage());
        }
        X509CertSelector target = new X509CertSelector();
        target.setCertificate((X509Certificate) read.get(1));
        PKIXBuilderParameters wanted = new PKIXBuilderParameters(Set.of(anchor), target);
        wanted.setDate(parameters.getDate());
        wanted.setRevocationEnabled(false);
        wanted.setPolicyQualifiersRejected(false);
        wanted.addCertStore(
                CertStore.getInstance("Collection", new CollectionCertStoreParameters(read)));
        try {
            CertPathBuilder.getInstance("PKIX").build(wanted);
            System.out.println("found");
        } catch (CertPathBuilderException error) {
            System.out.println("not found");
        }
    }
}
