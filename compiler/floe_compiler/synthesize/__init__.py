"""Plan -> ObjectSet: components' facts become objects, in a cdk8s App and Chart for each namespace."""
