module.exports = require('./later.js')(false);
