"""An index on an OpenSearch cluster: our analysis and query language; postings and replicas are the cluster's."""
